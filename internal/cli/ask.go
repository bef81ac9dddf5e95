package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/terminal"
)

// errCancelled is returned when Ctrl+C or SIGTERM ends a command that waits for
// input: nothing had begun.
var errCancelled = finding.Cancel()

// confirm asks a question that needs a typed word. Without a terminal it asks
// nothing.
func (a *app) confirm(question, want string) (bool, error) {
	if !isTerminal(a.stdin) {
		return false, usage("%s Cannot ask for confirmation without a terminal. To confirm in advance, add %s", question, inAdvance(want))
	}
	line, err := typed(a, fmt.Sprintf("%s\nType %s to confirm: ", question, want))
	return line == want, err
}

// typed asks for a line on the terminal.
func typed(a *app, question string) (string, error) {
	fmt.Fprint(present.Folded(a.stderr), question)
	answer := make(chan string, 1)
	go func() { answer <- terminal.ReadLine(a.stdin) }()
	select {
	case <-a.stopped:
		fmt.Fprintln(a.stderr)
		return "", errCancelled
	case line := <-answer:
		return strings.TrimSpace(line), nil
	}
}

// inAdvance returns the flag that answers a question before it is asked.
func inAdvance(want string) string {
	if want == "yes" {
		return "--yes"
	}
	return "--purge=" + want
}

// readHidden reads a line from the terminal without showing it.
func readHidden(ctx context.Context, a *app, question string) (string, error) {
	text, err := terminal.ReadHidden(ctx, a.stdin, a.stderr, question)
	if err != nil && ctx.Err() != nil {
		return "", errCancelled
	}
	return text, err
}
