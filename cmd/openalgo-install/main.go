// Command openalgo-install takes a host to a running, right-sized OpenAlgo.
package main

import (
	"os"
	"runtime/debug"

	"github.com/marketcalls/openalgo-install/internal/cli"
)

func main() {
	if os.Getenv("GOGC") == "" {
		// Most runs end within 0.1 s: to collect less often saves a tenth of that.
		debug.SetGCPercent(400)
	}
	os.Exit(cli.Main(os.Args, os.Stdin, os.Stdout, os.Stderr))
}
