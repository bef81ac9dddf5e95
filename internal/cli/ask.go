package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// errCancelled is returned when Ctrl+C or SIGTERM ends a command that waits for
// input: nothing had begun.
var errCancelled = &finding.Error{Kind: finding.Cancelled, Err: errors.New("cancelled, nothing was changed")}

// confirm asks a question that needs a typed word. Without a terminal it asks
// nothing.
func (a *app) confirm(question, want string) (bool, error) {
	if !isTerminal(a.stdin) {
		return false, usage("%s Cannot ask for confirmation without a terminal. To confirm in advance, add %s", question, inAdvance(want))
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

// inAdvance returns the flag that answers a question before it is asked.
func inAdvance(want string) string {
	if want == "yes" {
		return "--yes"
	}
	return "--purge=" + want
}

// longestAnswer is where a typed answer is cut.
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
func readHidden(ctx context.Context, a *app, question string) (string, error) {
	file, ok := a.stdin.(*os.File)
	if !ok {
		return "", errors.New("stdin is not a terminal")
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
