package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/sys/unix"
)

// console is a program on a terminal, as somebody sees it and types at it.
type console struct {
	t       *testing.T
	cmd     *exec.Cmd
	pty     *os.File
	tty     *os.File // the end that the program has
	screen  vt10x.Terminal
	changed chan struct{} // has an element after the screen has changed
	over    chan struct{} // closed when the program has ended
	before  *unix.Termios

	mu  sync.Mutex
	raw bytes.Buffer // every byte that came
}

// console starts the wizard on a terminal of 80x24.
func (i *instance) console(args ...string) *console {
	i.t.Helper()
	cmd := i.command(args...)
	cmd.Env = append(cmd.Env, "TERM=xterm", "NO_COLOR=1")
	return newConsole(i.t, cmd)
}

func newConsole(t *testing.T, cmd *exec.Cmd) *console {
	t.Helper()
	terminal, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	size := &pty.Winsize{Rows: 24, Cols: 80}
	if err := pty.Setsize(terminal, size); err != nil {
		t.Fatal(err)
	}
	c := &console{t: t, cmd: cmd, pty: terminal, tty: tty, screen: vt10x.New(vt10x.WithSize(80, 24)),
		changed: make(chan struct{}, 1), over: make(chan struct{}), before: termios(t, tty)}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go c.watch()
	go func() {
		_ = cmd.Wait()
		close(c.over)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-c.over
		_ = tty.Close()
		_ = terminal.Close()
	})
	return c
}

func termios(t *testing.T, file *os.File) *unix.Termios {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func (c *console) watch() {
	buffer := make([]byte, 4096)
	for {
		n, err := c.pty.Read(buffer)
		c.mu.Lock()
		c.raw.Write(buffer[:n])
		_, _ = c.screen.Write(buffer[:n])
		c.mu.Unlock()
		select {
		case c.changed <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (c *console) shows() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.screen.String()
}

func (c *console) output() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.ReplaceAll(c.raw.String(), mark, "")
}

func (c *console) marked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Contains(c.raw.String(), mark)
}

// mark is a sequence that shows nothing.
const mark = "\x1b]777;the end of the test\x07"

// toTheEnd is all that a program which has ended wrote: what a mark behind it is
// read after.
func (c *console) toTheEnd() string {
	c.t.Helper()
	if _, err := c.tty.WriteString(mark); err != nil {
		c.t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); !c.marked(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatal("the terminal is not read to its end")
		}
	}
	return c.output()
}

// sees waits until every text is on the screen.
func (c *console) sees(want ...string) *console {
	c.t.Helper()
	deadline := time.After(time.Minute)
	for _, w := range want {
		for !strings.Contains(c.shows(), w) {
			select {
			case <-c.changed:
			case <-deadline:
				c.t.Fatalf("%q does not come:\n%s", w, c.shows())
			}
		}
	}
	return c
}

// Keys as a terminal sends them.
const (
	enter, esc, ctrlC, ctrlR, ctrlU = "\r", "\x1b", "\x03", "\x12", "\x15"
	up, down                        = "\x1b[A", "\x1b[B"
)

func (c *console) types(keys ...string) *console {
	c.t.Helper()
	for _, k := range keys {
		if _, err := c.pty.WriteString(k); err != nil {
			c.t.Fatal(err)
		}
	}
	return c
}

// answers waits for each text, and types what belongs to it.
func (c *console) answers(pairs ...string) *console {
	c.t.Helper()
	for n := 0; n < len(pairs); n += 2 {
		c.sees(pairs[n]).types(pairs[n+1])
	}
	return c
}

// ends waits for the program to end, and wants the exit code and a terminal
// that is as it was.
func (c *console) ends(code int) *console {
	c.t.Helper()
	select {
	case <-c.over:
	case <-time.After(30 * time.Second):
		c.t.Fatalf("it does not end:\n%s", c.shows())
	}
	if got := c.cmd.ProcessState.ExitCode(); got != code {
		c.t.Fatalf("exits %d, want %d\n%s", got, code, c.shows())
	}
	if after := termios(c.t, c.pty); *after != *c.before {
		c.t.Errorf("the terminal is left as %+v, it was %+v", *after, *c.before)
	}
	out := c.toTheEnd()
	if lastOf(out, "\x1b[?1049h", "\x1b[?1049l") == "\x1b[?1049h" && strings.Contains(out, "\x1b[?1049h") {
		c.t.Error("the terminal is left on its other screen")
	}
	if lastOf(out, "\x1b[?25l", "\x1b[?25h") == "\x1b[?25l" {
		c.t.Error("the terminal is left without a cursor")
	}
	return c
}

// size gives the terminal another size.
func (c *console) size(width, height int) *console {
	c.t.Helper()
	c.mu.Lock()
	c.screen.Resize(width, height)
	c.mu.Unlock()
	if err := pty.Setsize(c.pty, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
		c.t.Fatal(err)
	}
	return c
}

// lastOf is which of two texts comes last.
func lastOf(text, a, b string) string {
	if strings.LastIndex(text, a) > strings.LastIndex(text, b) {
		return a
	}
	return b
}
