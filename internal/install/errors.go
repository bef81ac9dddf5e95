package install

import (
	"errors"
	"fmt"
	"strings"
)

// Exit codes of the program (design, The command line).
const (
	ExitDone       = 0   // done, or nothing to do
	ExitFailed     = 1   // failed, nothing changed
	ExitUsage      = 2   // bad usage or answers
	ExitHost       = 3   // the host is not ready
	ExitRolledBack = 4   // failed and rolled back
	ExitBroken     = 5   // failed and could not roll back
	ExitCancelled  = 130 // cancelled, nothing changed
)

// Error is a failure with what the caller needs to report it: the exit code,
// the reason in words, and the evidence.
type Error struct {
	Exit int
	Err  error
	Log  []string // the container's last lines, secrets taken out
}

func (e *Error) Error() string {
	if len(e.Log) == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("%s\nthe container's last lines:\n    %s", e.Err, strings.Join(e.Log, "\n    "))
}

func (e *Error) Unwrap() error { return e.Err }

// ExitCode is the exit code that belongs to an error; 1 for one that names none.
func ExitCode(err error) int {
	if err == nil {
		return ExitDone
	}
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Exit
	}
	return ExitFailed
}

func fail(exit int, format string, args ...any) error {
	return &Error{Exit: exit, Err: fmt.Errorf(format, args...)}
}

// notReady is a preflight finding: exit 3, all of them at once.
func notReady(problems []string) error {
	if len(problems) == 0 {
		return nil
	}
	if len(problems) == 1 {
		return fail(ExitHost, "%s", problems[0])
	}
	return fail(ExitHost, "this host is not ready:\n  - %s", strings.Join(problems, "\n  - "))
}
