package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/dashboard"
	"github.com/marketcalls/openalgo-install/internal/doctor"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/inside"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/live"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/publicip/recent"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/terminal"
	"github.com/marketcalls/openalgo-install/internal/theme"
	"github.com/marketcalls/openalgo-install/internal/watch"
)

// dashboard shows the instances of this machine until that is left. false: there is
// nothing to show, or Docker does not say.
func (c *installCommand) dashboard(ctx context.Context, in, out *os.File, dir string) (shown bool, err error) {
	e, machine, err := connect(ctx)
	if err != nil {
		return false, nil //nolint:nilerr // the wizard says it, and what to do
	}
	defer e.Close()
	home := &home{app: c.app, Watcher: watcherOf(e, machine, "", dir), engine: e, machine: machine, ended: map[string]time.Time{}}
	if home.Sketch(ctx) != nil {
		return false, nil
	}
	o := dashboard.Options{Source: home, Theme: theme.New(theme.Detect(!c.noColor && os.Getenv("NO_COLOR") == ""))}
	o.NewestBackup = func(dir string) string { return backup.Newest(instance.Dir(dir)) }
	o.Messages = func() dashboard.Panel { return messagesPanel(ctx) }
	o.Backups = func(dir string) dashboard.Panel { return backupsPanel(ctx, dir) }
	all := home.Snapshot().Instances
	here := instanceAt(all, dir)
	switch {
	case here == nil && (c.dirGiven || len(all) == 0):
		return false, nil
	case here == nil:
		o.NewDir = dir // it is free
	default:
		o.Dir, o.Open = here.Dir, c.dirGiven
	}
	return true, home.show(ctx, in, out, o)
}

// watcherOf watches every instance of a Docker, or the one in only. beside may have an
// instance without a container.
func watcherOf(e *engine.Engine, machine sizing.Machine, only, beside string) *live.Watcher {
	return live.New(live.Options{
		Docker: e, Machine: machine, Dir: only, Beside: beside,
		Watch:  func(ctx context.Context) string { return watch.Glance(ctx).String() },
		Public: func(ctx context.Context) string { return recent.Find(ctx).String() },
		Examine: func(ctx context.Context, dir string) []live.Problem {
			return problemsOf(doctor.Examine(ctx, doctor.Look{Dir: dir, Engine: e, Machine: machine, Public: recent.Find}))
		},
	})
}

// problemsOf are the findings of doctor that are to be acted on.
func problemsOf(r doctor.Report) (out []live.Problem) {
	for _, f := range r.Findings {
		if f.Level == doctor.OK {
			continue
		}
		p := live.Problem{ID: f.ID, Text: printable.Capital(f.Evidence), Bad: f.Level == doctor.Failure}
		if len(f.Hints) > 0 {
			p.Fix = f.Hints[0].Args
		}
		out = append(out, p)
	}
	return out
}

func instanceAt(all []live.Instance, dir string) *live.Instance {
	for n := range all {
		if all[n].Dir != "" && stacks.SameFile(all[n].Dir, dir) {
			return &all[n]
		}
	}
	return nil
}

// home is the dashboard with what it needs: it looks, reads logs, and carries out what
// is chosen.
type home struct {
	*app
	*live.Watcher
	engine  *engine.Engine
	machine sizing.Machine

	mu    sync.Mutex
	ended map[string]time.Time // when the log of a directory ended
}

// firstLines is how many lines of a log are shown at first.
const firstLines = 1000

// Logs is the log of an instance, secrets taken out, from where it ended before.
func (h *home) Logs(ctx context.Context, dir string, take func(string)) error {
	s, err := ops.New(dir, h.engine, h.machine, event.ReporterFunc(func(event.Event) {}))
	if err != nil {
		return err
	}
	o := inside.LogOptions{Follow: true, Tail: firstLines}
	h.mu.Lock()
	if since := h.ended[dir]; !since.IsZero() {
		o.Since, o.Tail = since, 0
	}
	h.mu.Unlock()
	err = inside.Logs(ctx, s, o, lineWriter(take))
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		delete(h.ended, dir) // it is read again
	} else {
		h.ended[dir] = time.Now()
	}
	return err
}

// lineWriter takes what is written, a line at once.
type lineWriter func(string)

func (w lineWriter) Write(line []byte) (int, error) {
	w(strings.TrimRight(string(line), "\n"))
	return len(line), nil
}

// show shows the dashboard, again after each command.
func (h *home) show(ctx context.Context, in, out *os.File, o dashboard.Options) error {
	// Ctrl+C ends a command that was chosen here, not the dashboard.
	whole, stop := signal.NotifyContext(context.WithoutCancel(ctx), syscall.SIGTERM)
	defer stop()
	watching, cancel := context.WithCancel(whole)
	var watcher sync.WaitGroup
	watcher.Go(func() { h.Run(watching) })
	defer watcher.Wait()
	defer cancel()
	for {
		choice, err := dashboard.Show(whole, in, out, o)
		if err != nil || whole.Err() != nil {
			return errors.Join(err, cancelled(whole))
		}
		if len(choice.Args) == 0 && !choice.Answers {
			return nil
		}
		exit := h.runChild(whole, in, out, choice)
		h.Refresh()
		left := choice.Answers && exit == exitCodes[finding.Cancelled] // there is nothing to read
		if whole.Err() != nil || !left && !goOn(whole, in, out) {
			return cancelled(whole)
		}
		o.Open = choice.Open
		if choice.Dir != "" {
			o.Dir = choice.Dir
		}
		if o.NewDir != "" && instanceAt(h.Snapshot().Instances, o.NewDir) != nil {
			o.NewDir = ""
		}
	}
}

func cancelled(ctx context.Context) error {
	if ctx.Err() != nil {
		return errCancelled
	}
	return nil
}

// runChild runs a command as it is typed, in a process of its own: Ctrl+C ends that, and
// what it left unread of the terminal ends with it.
func (h *home) runChild(ctx context.Context, in, out *os.File, choice dashboard.Choice) (code int) {
	args := choice.Args
	if len(args) > 0 && args[0] != "--instance" {
		fmt.Fprintf(out, "$ %s\n\n", printable.Line(finding.Command(choice.Dir, args...)))
		args = append([]string{"--ask"}, args...)
	}
	if choice.Answers {
		args = []string{"--again"}
	}
	if choice.Dir != "" {
		args = append(args, "--dir", choice.Dir)
	}
	if h.noColor {
		args = append(args, "--no-color")
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", args...)
	cmd.Args[0] = program
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	// Ctrl+C comes to both of them.
	ignored := make(chan os.Signal, 1)
	signal.Notify(ignored, os.Interrupt)
	defer signal.Stop(ignored)
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		fmt.Fprintf(out, "openalgo-install: cannot start the command: %v\n", err)
	}
	return cmd.ProcessState.ExitCode()
}

// goOn waits until what a command said was read. false: the dashboard is to be left.
func goOn(ctx context.Context, in io.Reader, out io.Writer) bool {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	fmt.Fprint(out, "\nPress Enter to return to the dashboard, or Ctrl+C to quit. ")
	line := make(chan string, 1)
	go func() { line <- terminal.ReadLine(in) }()
	select {
	case <-ctx.Done():
		fmt.Fprintln(out)
		return false
	case <-line:
		fmt.Fprint(out, "\x1b[H\x1b[2J") // it was read; the next command begins on a clear screen
		return true
	}
}
