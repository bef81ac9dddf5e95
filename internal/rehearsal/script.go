package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// ScriptName is the name under which the binary in the image acts as Script.
const ScriptName = "start.sh"

// healthTime bounds the health check, as start.sh does.
const healthTime = 8 * time.Second

// Script stands for start.sh in the image: it starts the test app, or with "health" says
// whether it is well. It returns the exit code.
func Script(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		return serve(context.Background(), ScriptName, stdout, stderr)
	}
	if len(args) != 1 || args[0] != "health" {
		fmt.Fprintf(stderr, "start.sh: %q does not start the test app\n", args)
		return 127
	}
	if err := healthy(openalgo.Dir, openalgo.WebPort); err != nil {
		fmt.Fprintln(stdout, err)
		return 1
	}
	fmt.Fprintln(stdout, "ok")
	return 0
}

// serve runs the test app until it ends, for a program of this name.
func serve(ctx context.Context, name string, stdout, stderr io.Writer) int {
	err := Serve(ctx, ServeOptions{Out: stdout})
	if exit := (*ExitError)(nil); errors.As(err, &exit) {
		return exit.Code
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}

// healthy asks both ports, as start.sh does.
func healthy(root string, web int) error {
	ctx, cancel := context.WithTimeout(context.Background(), healthTime)
	defer cancel()
	if code := get(ctx, "http://127.0.0.1:"+strconv.Itoa(web)+openalgo.CheckSetup, io.Discard, io.Discard); code != 0 {
		return fmt.Errorf("OpenAlgo does not answer on port %d", web)
	}
	port := strconv.Itoa(openalgo.WebSocketPort)
	if text, err := os.ReadFile(filepath.Join(root, ".env")); err == nil {
		if env, err := envfile.Parse(text); err == nil {
			if given, err := webSocketPort(env); err == nil {
				port = given
			}
		}
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", "127.0.0.1:"+port)
	if err != nil {
		return fmt.Errorf("the WebSocket proxy is down: nothing listens on port %s", port)
	}
	return conn.Close()
}
