// Package hostcare looks whether a machine that a stranger can reach is looked after: who
// may log in, whether security updates come, whether a firewall is on, whether it must
// restart. It only reads.
package hostcare

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/userns"
)

// View is where a machine is looked at; This is the machine that it runs on.
type View struct {
	Root   string                                                                    // stands before every path
	OS     host.OS                                                                   // of the machine
	IsRoot bool                                                                      // what only root may ask is asked
	Run    func(ctx context.Context, program string, args ...string) (string, error) // runs a program of the machine
	// Unguarded returns those of the ports that no firewall of the machine closes.
	Unguarded func(ctx context.Context, ports []int) []int
	Holder    func(ctx context.Context, port int) string // the program that listens on a port; "" is not known
}

// This returns the view of this machine.
func This(system host.OS) View {
	return View{Root: "/", OS: system, IsRoot: userns.IsRoot(), Run: run, Unguarded: host.Unguarded, Holder: holder}
}

// Result is one thing that was looked at.
type Result struct {
	Check string
	Found *finding.Error // nil: all is well
	Text  string         // says so then
}

// Look looks at everything. What cannot be known here is left out.
func (v View) Look(ctx context.Context) (out []Result) {
	ssh := v.sshd(ctx)
	for _, r := range []*Result{v.passwords(ssh), v.updates(), v.firewall(ctx, ssh), v.reboot(ctx)} {
		if r != nil {
			out = append(out, *r)
		}
	}
	return out
}

// programTime bounds a program that is asked.
const programTime = 10 * time.Second

func run(ctx context.Context, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, programTime)
	defer cancel()
	out, err := host.Command(ctx, program, args...).Output()
	return string(out), err
}

func holder(ctx context.Context, port int) string {
	h, err := host.PortHolder(ctx, "", port)
	if err != nil || h.PID == 0 {
		return ""
	}
	return h.Process
}

func (v View) path(name string) string { return filepath.Join(v.Root, name) }

func (v View) exists(name string) bool {
	_, err := os.Stat(v.path(name))
	return err == nil
}

// read returns the text of a file; "" where there is none that can be read.
func (v View) read(name string) string {
	text, err := readfile.Regular(v.path(name), readfile.Config)
	if err != nil {
		return ""
	}
	return string(text)
}

// enabled reports whether systemd starts one of some timers with the machine.
func (v View) enabled(timers ...string) bool {
	return slices.ContainsFunc(timers, func(timer string) bool {
		_, err := os.Lstat(v.path("/etc/systemd/system/timers.target.wants/" + timer))
		return err == nil
	})
}

// masked reports whether a unit was switched off for good.
func (v View) masked(unit string) bool {
	to, err := os.Readlink(v.path("/etc/systemd/system/" + unit))
	return err == nil && to == "/dev/null"
}

// lines returns the lines of a text without comments.
func lines(text string) (out []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}
