package wizard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	tea "github.com/charmbracelet/bubbletea"
	"golang.org/x/term"

	"github.com/marketcalls/openalgo-install/internal/draft"
	"github.com/marketcalls/openalgo-install/internal/terminal"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// Terminal is where full screens are shown.
type Terminal struct {
	In, Out *os.File
	Color   bool
}

// FullScreen reports whether full screens can be shown there: a terminal of
// some size that moves its cursor. A serial line may tell none of both.
func (t Terminal) FullScreen() bool {
	if name := os.Getenv("TERM"); name == "" || name == "dumb" {
		return false
	}
	width, height, err := term.GetSize(int(t.Out.Fd()))
	return err == nil && width >= minWidth && height >= minHeight && term.IsTerminal(int(t.In.Fd()))
}

const minHeight = 10

// Show runs the wizard on full screens. However it ends, the terminal is left
// as it was found, and an apply that has begun is over when Show returns: with
// a dead line it goes on to its end. It fails with terminal.ErrEnded when it is left
// before an apply, and with the apply's own error.
func Show(ctx context.Context, t Terminal, host Host) (Outcome, error) {
	m := newModel(ctx, host, theme.New(theme.Detect(t.Color)))
	m.out = t.Out
	outcome, err := t.show(ctx, m)
	draft.Settle(host.Drafts, outcome.Installed)
	return outcome, err
}

func (t Terminal) show(ctx context.Context, m *model) (Outcome, error) {
	var cancel context.CancelFunc
	m.ctx, cancel = context.WithCancel(ctx)
	defer m.work.Wait()
	defer cancel()
	g := &guarded{model: m}
	program := tea.NewProgram(g, tea.WithAltScreen(), tea.WithInput(t.In), tea.WithOutput(t.Out),
		tea.WithoutSignalHandler())
	g.quit = program.Quit

	// Restored here too, for the case that the program could not.
	if state, err := term.GetState(int(t.In.Fd())); err == nil {
		defer func() { _ = term.Restore(int(t.In.Fd()), state) }()
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Ignore(syscall.SIGHUP) // as it was
	over := make(chan struct{})
	defer close(over)
	go quitWhen(ctx, program, hangup, over)

	_, err := program.Run()
	if g.panicked != "" {
		err = fmt.Errorf("internal error: %s", g.panicked)
	}
	if m.run != nil {
		<-m.run.done // with the screen gone the apply still goes on
		if m.err == nil || m.run.err != nil && errors.Is(m.err, terminal.ErrEnded) {
			m.err = m.run.err // to leave after a failure is no "nothing was changed"
		}
		m.outcome.Result, m.outcome.Installed = m.run.result, m.run.err == nil
		return m.outcome, m.err
	}
	if m.err == nil && err != nil && g.panicked == "" {
		err = fmt.Errorf("%w: %w", terminal.ErrEnded, err) // the terminal went away
	}
	if m.err == nil {
		m.err = err
	}
	return m.outcome, m.err
}

// quitWhen ends the program with the terminal, or on a signal to end.
func quitWhen(ctx context.Context, program *tea.Program, hangup <-chan os.Signal, over <-chan struct{}) {
	select {
	case <-hangup:
		program.Send(hangupMsg{})
	case <-ctx.Done():
		program.Send(stopMsg{})
	case <-over:
	}
}

// guarded keeps a panic of the wizard from leaving the terminal in ruins.
type guarded struct {
	*model
	panicked string
	quit     func()
}

func (g *guarded) Init() tea.Cmd { return guard(g.model.Init()) }

// panicMsg is a panic of a command.
type panicMsg struct{ mistake any }

// guard makes a panic of a command a message.
func guard(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer func() {
			if p := recover(); p != nil {
				msg = panicMsg{p}
			}
		}()
		return cmd()
	}
}

func (g *guarded) Update(msg tea.Msg) (tea.Model, tea.Cmd) { return g, g.update(msg) }

func (g *guarded) update(msg tea.Msg) (cmd tea.Cmd) {
	defer func() {
		if p := recover(); p != nil {
			cmd = g.caught(p)
		}
	}()
	if p, ok := msg.(panicMsg); ok {
		return g.caught(p.mistake)
	}
	_, cmd = g.model.Update(msg)
	return guard(cmd)
}

func (g *guarded) View() (view string) {
	if g.panicked != "" {
		return ""
	}
	defer func() {
		if p := recover(); p != nil {
			g.caught(p)
			view = ""
		}
	}()
	return g.model.View()
}

func (g *guarded) caught(p any) tea.Cmd {
	g.panicked = fmt.Sprintf("%v\n%s", p, debug.Stack())
	if g.quit != nil {
		go g.quit() // View has no other way to end
	}
	return tea.Quit
}
