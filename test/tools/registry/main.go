// Command registry is an image registry on loopback, held in memory, for the
// tests. With -user it asks for a login, the way Docker Hub does (a bearer
// token from a token endpoint) or with plain basic authentication.
//
// The first line on standard output is the address it listens on.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "address to listen on; port 0 picks a free one")
	user := flag.String("user", "", "ask for a login with this user name")
	password := flag.String("password", "", "the password of that user")
	auth := flag.String("auth", "bearer", "how it asks for the login: bearer or basic")
	flag.Parse()

	if err := run(*addr, *user, *password, *auth, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "registry:", err)
		os.Exit(1)
	}
}

// run serves until SIGINT or SIGTERM and prints its address on out.
func run(addr, user, password, auth string, out io.Writer) error {
	handler, err := guard(registry.New(registry.Logger(log.New(io.Discard, "", 0))), user, password, auth)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	fmt.Fprintln(out, listener.Addr())

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
