package wizard

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/terminal"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// brokenPage is a mistake of ours.
type brokenPage struct{ *machinePage }

func (brokenPage) update(tea.Msg) tea.Cmd { panic("a mistake") }

// brokenView is another one.
type brokenView struct{ *machinePage }

func (brokenView) body(int, int) ([]string, int, int) { panic("a mistake") }

// A panic, wherever it comes from, leaves the terminal as it was, and is told.
func TestPanicLeavesTheTerminal(t *testing.T) {
	for name, breaks := range map[string]func(*model){
		"update":  func(m *model) { m.page = brokenPage{&machinePage{m: m}} },
		"view":    func(m *model) { m.page = brokenView{&machinePage{m: m}} },
		"command": func(m *model) { m.host.Look = func(context.Context) Machine { panic("a mistake") } },
	} {
		t.Run(name, func(t *testing.T) {
			terminal, tty, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			// Neither side is closed: bubbletea's reader may look at it once more.
			before, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
			if err != nil {
				t.Fatal(err)
			}
			var said locked
			go func() { _, _ = io.Copy(&said, terminal) }()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			m := newModel(ctx, testHost(), theme.New(theme.Options{}))
			breaks(m)
			if _, err := (Terminal{In: tty, Out: tty}).show(ctx, m); err == nil {
				t.Error("no error is told")
			}
			after, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
			if err != nil || *after != *before {
				t.Errorf("the terminal is left as %+v, it was %+v (%v)", after, before, err)
			}
			for end := time.Now().Add(5 * time.Second); !strings.Contains(said.String(), "\x1b[?1049l") && time.Now().Before(end); {
				time.Sleep(time.Millisecond) // until all that was drawn is read
			}
			if out := said.String(); strings.Contains(out, "\x1b[?1049h") && !strings.Contains(out, "\x1b[?1049l") {
				t.Errorf("the terminal is left on its other screen: %q", out)
			}
		})
	}
}

// beginsPlan goes on to the review as soon as the machine is known.
type beginsPlan struct{ *machinePage }

func (p beginsPlan) update(tea.Msg) tea.Cmd {
	review := &reviewPage{m: p.m}
	p.m.page = review
	return review.work()
}

// A plan that is being worked out when the wizard is left is waited for: it
// cleans up behind itself.
func TestLeavingWaitsForThePlan(t *testing.T) {
	screen, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	// Neither side is closed: bubbletea's reader may look at it once more.
	go func() { _, _ = io.Copy(io.Discard, screen) }()
	host, planning, cleaned := testHost(), make(chan struct{}), false
	host.Plan = func(ctx context.Context, _ answers.Answers) (*plan.Plan, error) {
		close(planning)
		<-ctx.Done()
		cleaned = true
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m := newModel(ctx, host, theme.New(theme.Options{}))
	m.page = beginsPlan{&machinePage{m: m}}
	go func() {
		<-planning
		cancel()
	}()
	if _, err := (Terminal{In: tty, Out: tty}).show(ctx, m); !errors.Is(err, terminal.ErrEnded) || !cleaned {
		t.Errorf("%v, cleaned up %v", err, cleaned)
	}
}

// A panic of the apply is its error.
func TestPanicOfTheApply(t *testing.T) {
	host := testHost()
	host.Install = func(context.Context, answers.Answers, event.Reporter) (event.Result, error) { panic("a mistake") }
	newSession(t, host, false, false, 80, 24).keys(toApply...).sees("Installation failed", "a mistake")
}

// locked is a buffer that two goroutines use.
type locked struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

func TestFullScreen(t *testing.T) {
	terminal, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	defer tty.Close()
	for _, c := range []struct {
		term          string
		width, height uint16
		want          bool
	}{
		{"xterm", 80, 24, true}, {"xterm-256color", 40, 20, true}, {"vt220", 80, 24, true},
		{"dumb", 80, 24, false}, {"", 80, 24, false},
		{"vt220", 0, 0, false}, // a serial line tells no size
		{"xterm", 10, 5, false},
	} {
		t.Setenv("TERM", c.term)
		if err := pty.Setsize(terminal, &pty.Winsize{Cols: c.width, Rows: c.height}); err != nil {
			t.Fatal(err)
		}
		if got := (Terminal{In: tty, Out: tty}).FullScreen(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if (Terminal{In: null, Out: null}).FullScreen() {
		t.Error("/dev/null is a terminal")
	}
}
