package terminal

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/creack/pty"
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
	if got, err := ReadHidden(t.Context(), tty, io.Discard, "?"); got != "secret" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
