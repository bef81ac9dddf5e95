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
	Log  []string // the last lines of what failed, secrets taken out
	// LogOf says whose they are; "" is the container's.
	LogOf string
}

func (e *Error) Error() string {
	if len(e.Log) == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("%s\n%s:\n    %s", e.Err, e.LogTitle(), strings.Join(e.Log, "\n    "))
}

// LogTitle is what to write above Log.
func (e *Error) LogTitle() string {
	if e.LogOf != "" {
		return e.LogOf
	}
	return "the container's last lines"
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

// withoutLog is an error whose evidence the caller shows by itself.
func withoutLog(err error) error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

func fail(exit int, format string, args ...any) error {
	return &Error{Exit: exit, Err: fmt.Errorf(format, args...)}
}

// notReady is a preflight finding: exit 3, all of them at once.
func notReady(problems []string, causes ...error) error {
	if len(problems) == 0 {
		return nil
	}
	text := problems[0]
	if len(problems) > 1 {
		text = "this host is not ready:\n  - " + strings.Join(problems, "\n  - ")
	}
	return &Error{Exit: ExitHost, Err: &preflightError{text, errors.Join(causes...)}}
}

// preflightError is what preflight found, in words, and what of it a caller may
// decide on.
type preflightError struct {
	text  string
	cause error
}

func (e *preflightError) Error() string { return e.text }
func (e *preflightError) Unwrap() error { return e.cause }
