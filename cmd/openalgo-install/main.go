// Command openalgo-install takes a host to a running, right-sized OpenAlgo.
package main

import (
	"os"

	"github.com/marketcalls/openalgo-install/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args, os.Stdin, os.Stdout, os.Stderr)) }
