//go:build failpoint

package run

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// Failpoint carries out OPENALGO_FAILPOINT=<name>:<signal> when a run reaches
// the point of that name; the signal KILL cannot be survived, the others are
// what a user or the system sends. OPENALGO_FAILPOINT_LOG collects the names.
func Failpoint(name string) {
	if path := os.Getenv("OPENALGO_FAILPOINT_LOG"); path != "" {
		if file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
			fmt.Fprintln(file, name)
			_ = file.Close()
		}
	}
	want, signal, _ := strings.Cut(os.Getenv("OPENALGO_FAILPOINT"), ":")
	if want != name {
		return
	}
	switch signal {
	case "TERM":
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
		time.Sleep(200 * time.Millisecond) // until it has been delivered
	case "STOP": // until the test sends SIGCONT
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		time.Sleep(200 * time.Millisecond) // another thread may get it, and this one would run on until then
	case "HUP":
		_ = syscall.Kill(os.Getpid(), syscall.SIGHUP)
	default:
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way
	}
}
