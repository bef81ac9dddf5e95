// Package finding holds what went wrong in a form that every caller can report:
// a kind, an identifier, the words, and what to do about it.
package finding

import (
	"errors"
	"fmt"
	"strings"
)

// Kind is how a failure ended. The command line gives each its exit code.
type Kind int

// Kinds of a failure. One that names none is Failed.
const (
	Failed       Kind = iota // nothing was changed
	Usage                    // bad usage or bad answers
	HostNotReady             // this machine, or what is on it, does not allow it
	RolledBack               // the change failed and was undone
	Broken                   // the change failed and could not be undone
	Cancelled                // the user ended it, nothing was changed
)

func (k Kind) String() string {
	switch k {
	case Usage:
		return "usage"
	case HostNotReady:
		return "not ready"
	case RolledBack:
		return "rolled back"
	case Broken:
		return "broken"
	case Cancelled:
		return "cancelled"
	}
	return "failed"
}

// Error is a failure with what the caller needs to report it.
type Error struct {
	Kind Kind
	// ID names what was found, for programs; "" where it has no name.
	ID  string
	Err error
	Log []string // the last lines of what failed, without secrets
	// LogOf is the title of Log; "" is the container's.
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

// Errorf returns an Error of a kind, with text as of fmt.Errorf.
func Errorf(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Err: fmt.Errorf(format, args...)}
}

// KindOf returns the kind of an error.
func KindOf(err error) Kind {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Kind
	}
	return Failed
}

// IDOf returns the identifier of what an error found; "" where it has none.
func IDOf(err error) string {
	if e := (*Error)(nil); errors.As(err, &e) && e.ID != "" {
		return e.ID
	}
	if r := RefusalOf(err); r != nil {
		return r.Check
	}
	return ""
}

// WithoutLog returns an error whose log lines the caller shows by itself.
func WithoutLog(err error) error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// Cancel returns the error of a run that the user ended before it began.
func Cancel() error {
	return &Error{Kind: Cancelled, Err: errors.New("cancelled, nothing was changed")}
}

// NotReady returns one error for all problems that preflight found, so that they
// are told at once; nil for none. A caller may decide on the causes.
func NotReady(problems []string, causes ...error) error {
	if len(problems) == 0 {
		return nil
	}
	text := problems[0]
	if len(problems) > 1 {
		text = "this host is not ready:\n  - " + strings.Join(problems, "\n  - ")
	}
	return &Error{Kind: HostNotReady, Err: &preflightError{text, problems, errors.Join(causes...)}}
}

// Problems returns what an error tells, one problem each.
func Problems(err error) []string {
	if p := (*preflightError)(nil); errors.As(err, &p) {
		return p.problems
	}
	if err == nil {
		return nil
	}
	return []string{err.Error()}
}

// preflightError has words of its own in place of its causes'.
type preflightError struct {
	text     string
	problems []string
	cause    error
}

func (e *preflightError) Error() string { return e.text }
func (e *preflightError) Unwrap() error { return e.cause }
