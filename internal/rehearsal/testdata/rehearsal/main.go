// The program that the engine test puts into the image: the parts of
// openalgo-install that run in it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

func main() {
	if filepath.Base(os.Args[0]) == rehearsal.CurlName {
		os.Exit(rehearsal.Curl(os.Args[1:], os.Stdout, os.Stderr))
	}
	if len(os.Args) != 2 || os.Args[1] != rehearsal.Command {
		fmt.Fprintln(os.Stderr, "usage: openalgo-install "+rehearsal.Command)
		os.Exit(2)
	}
	err := rehearsal.Serve(context.Background(), rehearsal.ServeOptions{})
	var exit *rehearsal.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(exit.Code)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
