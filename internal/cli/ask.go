package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/marketcalls/openalgo-install/internal/install"
)

// errCancelled is a command that Ctrl+C or SIGTERM ended while it waited for
// input: nothing had begun.
var errCancelled = &install.Error{Exit: install.ExitCancelled, Err: errors.New("cancelled, nothing was changed")}

// confirm asks a question that wants a typed word; without a terminal nothing
// is ever asked.
func (a *app) confirm(question, want string) (bool, error) {
	if !isTerminal(a.stdin) {
		return false, usage("%s Without a terminal nothing is asked", question)
	}
	fmt.Fprintf(a.stderr, "%s\nType %s to go on: ", question, want)
	answer := make(chan string, 1)
	go func() { answer <- readLine(a.stdin) }()
	select {
	case <-a.stopped:
		fmt.Fprintln(a.stderr)
		return false, errCancelled
	case line := <-answer:
		return strings.TrimSpace(line) == want, nil
	}
}

// longestAnswer is what a typed answer is cut at.
const longestAnswer = 4096

// readLine takes no byte after the line's end: a program that is started next
// reads the same terminal.
func readLine(from io.Reader) string {
	var line strings.Builder
	one := make([]byte, 1)
	for line.Len() < longestAnswer {
		n, err := from.Read(one)
		if n == 0 || err != nil || one[0] == '\n' {
			break
		}
		line.WriteByte(one[0])
	}
	return line.String()
}

// readHidden reads a line from the terminal without showing it.
func (a *app) readHidden(ctx context.Context, question string) (string, error) {
	file, ok := a.stdin.(*os.File)
	if !ok {
		return "", errors.New("stdin is no terminal")
	}
	before, err := term.GetState(int(file.Fd()))
	if err != nil {
		return "", err
	}
	fmt.Fprint(a.stderr, question)
	defer fmt.Fprintln(a.stderr)
	type read struct {
		text []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		text, err := term.ReadPassword(int(file.Fd()))
		done <- read{text, err}
	}()
	select {
	case <-ctx.Done():
		_ = term.Restore(int(file.Fd()), before) // else the shell would show nothing that is typed
		return "", errCancelled
	case r := <-done:
		return string(r.text), r.err
	}
}
