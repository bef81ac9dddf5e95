package rehearsal

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// startWithPorts stands for the program that has further ports lead to OpenAlgo, and
// starts it. args are these ports, each with OpenAlgo's own, and the start.
func startWithPorts(args []string, stdout, stderr io.Writer) int {
	split := slices.Index(args, "--")
	if split < 0 || !slices.Equal(args[split+1:], []string{openalgo.Start}) {
		fmt.Fprintf(stderr, "python: %q does not start the test app\n", args)
		return 127
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, given := range args[:split] {
		port, own, _ := strings.Cut(given, ":")
		if err := leadTo(ctx, ":"+port, "127.0.0.1:"+own); err != nil {
			fmt.Fprintf(stderr, "python: %v\n", err) // and OpenAlgo starts all the same
		}
	}
	return serve(ctx, PythonName, stdout, stderr)
}

// leadTo has a port lead to another one, until ctx ends.
func leadTo(ctx context.Context, port, own string) error {
	listener, err := net.Listen("tcp", port)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	go func() {
		for {
			caller, err := listener.Accept()
			if err != nil {
				return
			}
			go pass(caller, own)
		}
	}()
	return nil
}

// pass carries what two ends say to each other.
func pass(caller net.Conn, own string) {
	defer caller.Close()
	app, err := net.Dial("tcp", own)
	if err != nil {
		return
	}
	defer app.Close()
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{caller, app}, {app, caller}} {
		both.Go(func() {
			_, _ = io.Copy(pair[1], pair[0])
			_ = pair[1].(*net.TCPConn).CloseWrite()
		})
	}
	both.Wait()
}
