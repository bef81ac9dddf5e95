// Package dashboard shows every OpenAlgo of a machine on a full screen, and lets one
// choose what to do. It carries out nothing itself: a choice ends it, and it may be
// shown again.
package dashboard

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"golang.org/x/term"

	"github.com/marketcalls/openalgo-install/internal/live"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// Source is what the dashboard shows. Nothing of it may take long but Logs.
type Source interface {
	Snapshot() live.Snapshot
	// Changed gets an element when there may be something new in the Snapshot.
	Changed() <-chan struct{}
	// Refresh has everything looked at now.
	Refresh()
	// Logs gives take the last lines of an instance's log and those that follow, until
	// ctx ends or the container stops.
	Logs(ctx context.Context, dir string, take func(line string)) error
}

// Options are what a dashboard begins with.
type Options struct {
	Source Source
	Theme  *theme.Theme
	Out    io.Writer // the terminal, for its clipboard
	Dir    string    // of the instance that is chosen at first; "": none
	Open   bool      // its details are shown at once
	NewDir string    // where another instance goes; others get a name behind it
	// NewestBackup is the one that a restore offers for the instance in dir; nil: none.
	NewestBackup func(dir string) string
	// Messages and Backups are what their pages show; nil: there are none.
	Messages func() Panel
	Backups  func(dir string) Panel
}

// Choice is what to do.
type Choice struct {
	Args    []string // a command; none: leave
	Dir     string   // of the instance that it is for; "": of none
	Name    string   // its name
	Answers bool     // the wizard with the instance's answers, in place of a command
	Open    bool     // the details were shown
}

// fps is how often the screen is compared with what it should show. What was typed is
// seen at once to the eye, and an idle screen costs nothing.
const fps = 20

// Show shows the dashboard until something is chosen. However it ends, the terminal is
// left as it was found.
func Show(ctx context.Context, in, out *os.File, o Options) (Choice, error) {
	ctx, cancel := context.WithCancel(ctx)
	o.Out = out
	m := newModel(ctx, o)
	defer m.work.Wait()
	defer cancel()
	program := tea.NewProgram(m, tea.WithAltScreen(), tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler(), tea.WithFPS(fps))
	if state, err := term.GetState(int(in.Fd())); err == nil {
		defer func() { _ = term.Restore(int(in.Fd()), state) }()
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Ignore(syscall.SIGHUP) // as it was
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-hangup:
		case <-ctx.Done():
		case <-over:
			return
		}
		program.Quit()
	}()
	_, err := program.Run()
	if err != nil && !errors.Is(err, tea.ErrProgramPanic) {
		err = nil // the terminal went away
	}
	return m.choice, err
}

// redrawEvery is the shortest time between two frames that nobody typed for.
const redrawEvery = 250 * time.Millisecond
