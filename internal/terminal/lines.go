// Package terminal asks a person in plain lines.
package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// ErrEnded says that the input ended, or ctrl+c, before all was answered.
var ErrEnded = errors.New("you did not answer all questions; nothing was changed")

// Lines asks in plain lines, one after the other: no redrawing, no colour. It
// has one reader for all questions, so that pasted lines go to the questions
// that they answer.
type Lines struct {
	in  *bufio.Reader
	tty *os.File // nil: not a terminal, nothing is hidden
	out io.Writer
}

// NewLines reads from in, which is a terminal, and writes to out.
func NewLines(in io.Reader, out io.Writer) *Lines {
	tty, _ := in.(*os.File)
	return &Lines{in: bufio.NewReader(in), tty: tty, out: out}
}

// Say prints text.
func (l *Lines) Say(format string, args ...any) { fmt.Fprintf(l.out, format+"\n", args...) }

// Ask prints a prompt and reads a line, unseen where hidden. An end of the input
// is ErrEnded, never an empty answer.
func (l *Lines) Ask(ctx context.Context, prompt string, hidden bool) (string, error) {
	if hidden && l.tty != nil {
		defer hide(l.tty)() // before the prompt: a pasted answer may follow at once
	}
	fmt.Fprint(l.out, prompt)
	type read struct {
		line string
		err  error
	}
	done := make(chan read, 1)
	go func() {
		line, err := l.in.ReadString('\n')
		done <- read{line, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(l.out)
		return "", ErrEnded
	case r := <-done:
		if hidden {
			fmt.Fprintln(l.out)
		}
		if r.err != nil {
			return "", ErrEnded
		}
		return strings.TrimRight(r.line, "\r\n"), nil
	}
}
