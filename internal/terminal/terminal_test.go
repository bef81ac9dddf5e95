package terminal

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

func TestLines(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	lines := NewLines(strings.NewReader("one\r\n\nhalf"), &out)
	for _, want := range []string{"one", ""} {
		if got, err := lines.Ask(t.Context(), "Say: ", false); got != want || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if _, err := lines.Ask(t.Context(), "Say: ", false); !errors.Is(err, ErrEnded) { // no line's end: it was cut off
		t.Error(err)
	}
	if out.String() != "Say: Say: Say: " {
		t.Errorf("%q", &out)
	}
}

func TestAskEndsWithItsContext(t *testing.T) {
	t.Parallel()
	in, _ := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewLines(in, io.Discard).Ask(ctx, "Say: ", false); !errors.Is(err, ErrEnded) {
		t.Error(err)
	}
}

// ReadLine leaves what comes after the line to the next program.
func TestReadLine(t *testing.T) {
	t.Parallel()
	in := strings.NewReader("yes\nrest")
	if got := ReadLine(in); got != "yes" {
		t.Errorf("%q", got)
	}
	if rest, _ := io.ReadAll(in); string(rest) != "rest" {
		t.Errorf("%q", rest)
	}
	if got := ReadLine(strings.NewReader(strings.Repeat("x", 2*longestAnswer))); len(got) != longestAnswer {
		t.Errorf("%d bytes", len(got))
	}
}

func TestReadHidden(t *testing.T) {
	t.Parallel()
	if _, err := ReadHidden(t.Context(), strings.NewReader("x\n"), io.Discard, "?"); err == nil {
		t.Error("no terminal is asked")
	}
	screen, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	if _, err := screen.WriteString("secret\n"); err != nil {
		t.Fatal(err)
	}
	shown := echo(t, tty)
	asked := seen(func() { // what is pasted from now on is not shown
		if echo(t, tty) {
			t.Error("the question stands before the echo is off")
		}
	})
	if got, err := ReadHidden(t.Context(), tty, asked, "?"); got != "secret" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if echo(t, tty) != shown {
		t.Error("the echo is not as it was")
	}
}

// seen is a screen that calls a function when something is first written on it.
type seen func()

func (s seen) Write(p []byte) (int, error) {
	if string(p) == "?" {
		s()
	}
	return len(p), nil
}

func echo(t *testing.T, tty *os.File) bool {
	t.Helper()
	mode, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return mode.Lflag&unix.ECHO != 0
}
