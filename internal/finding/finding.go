// Package finding holds what went wrong in a form that every caller can report:
// a kind, an identifier, the words, and what to do about it.
package finding

import (
	"cmp"
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
	Warning                  // no failure: the run goes on
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
	case Warning:
		return "warning"
	}
	return "failed"
}

// Error is a failure with what the caller needs to report it. Its text says
// what happened and why it matters; a Prompt adds the rest.
type Error struct {
	Kind Kind
	// ID names what was found, for programs; "" where it has no name. The same
	// thing has the same ID wherever it is found (docs/errors.md).
	ID    string
	Err   error
	Hints []Hint   // what to do about it
	End   string   // the state that this machine is in
	Log   []string // the last lines of what failed, without secrets
	// LogOf is the title of Log; "" is the container's.
	LogOf string
}

func (e *Error) Error() string { return e.Err.Error() }

// LogTitle is what to write above Log.
func (e *Error) LogTitle() string {
	if e.LogOf != "" {
		return e.LogOf
	}
	return "the container's last lines"
}

func (e *Error) Unwrap() error { return e.Err }

// Unchanged is the state of a machine after most refusals.
const Unchanged = "Nothing was changed."

// Named returns an Error of a kind and a name, with text as of fmt.Errorf.
func Named(kind Kind, id, format string, args ...any) *Error {
	return &Error{Kind: kind, ID: id, Err: fmt.Errorf(format, args...)}
}

// With adds what to do about an error. Copied into each of its 200 callers it would
// make the program bigger.
//
//go:noinline
func (e *Error) With(hints ...Hint) *Error {
	e.Hints = append(e.Hints, hints...)
	return e
}

// Ending says in what state this machine is.
//
//go:noinline
func (e *Error) Ending(state string) *Error {
	e.End = state
	return e
}

// KindOf returns the kind of an error.
//
//go:noinline
func KindOf(err error) Kind {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Kind
	}
	return Failed
}

// IDOf returns the name of what an error found; "" where it has none. What was
// found first counts, whatever was said about it later.
func IDOf(err error) string {
	switch e := err.(type) { //nolint:errorlint // each error of the chain is looked at
	case interface{ Unwrap() error }:
		if id := IDOf(e.Unwrap()); id != "" {
			return id
		}
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			if id := IDOf(err); id != "" {
				return id
			}
		}
	}
	switch e := err.(type) { //nolint:errorlint // as above
	case *Error:
		return e.ID
	case interface{ FindingID() string }:
		return e.FindingID()
	}
	return ""
}

// Cause returns an error with a name, for a caller to decide on. It is of those
// kinds, too.
func Cause(id, text string, of ...error) error { return &cause{id, text, of} }

type cause struct {
	id, text string
	of       []error
}

func (c *cause) Error() string     { return c.text }
func (c *cause) FindingID() string { return c.id }
func (c *cause) Unwrap() []error   { return c.of }

// problem is one of several, with what to do about it below.
func (p Prompt) problem(e *Error) string {
	with := p.forReader(HintsOf(e))
	if len(with) == 0 {
		return e.Error()
	}
	hints := strings.ReplaceAll(p.Hints(with), "\n", "\n    ")
	return e.Error() + "\n\n    " + strings.ReplaceAll(hints, "\n    \n", "\n\n") + "\n"
}

// find returns the outermost part of an error that has what is asked for.
func find(err error, has func(*Error) bool) *Error {
	switch e := err.(type) { //nolint:errorlint // each error of the chain is looked at
	case *Error:
		if has(e) {
			return e
		}
		return find(e.Err, has)
	case interface{ Unwrap() error }:
		return find(e.Unwrap(), has)
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			if found := find(err, has); found != nil {
				return found
			}
		}
	}
	return nil
}

// Text is all that there is to say about an error, in this order: what happened
// and why it matters, what to do, the state of this machine, and the last lines
// of what failed.
func (p Prompt) Text(err error) string {
	text := p.Advice(err)
	if end := EndOf(err); end != "" {
		text += "\n\n" + end
	}
	if e := find(err, func(e *Error) bool { return len(e.Log) > 0 }); e != nil {
		text += "\n" + e.LogTitle() + ":\n    " + strings.Join(e.Log, "\n    ")
	}
	return text
}

// HintsOf returns what to do about an error.
func HintsOf(err error) []Hint {
	if e := find(err, func(e *Error) bool { return len(e.Hints) > 0 }); e != nil {
		return e.Hints
	}
	return nil
}

// EndOf returns the state of the machine that an error tells.
func EndOf(err error) string {
	if e := find(err, func(e *Error) bool { return e.End != "" }); e != nil {
		return e.End
	}
	return ""
}

// Advice is what happened and what to do about it.
func (p Prompt) Advice(err error) string {
	text := err.Error()
	if several := (*preflightError)(nil); errors.As(err, &several) && len(several.problems) > 1 {
		text = strings.Replace(text, several.Error(), several.list(p.problem), 1)
	} else if hints := p.forReader(HintsOf(err)); len(hints) > 0 {
		text += "\n\n" + p.Hints(hints)
	}
	return text
}

// Cancel returns the error of a run that the user ended before it began.
//
//go:noinline
func Cancel() error {
	return Named(Cancelled, "cancelled", "cancelled, nothing was changed")
}

// NotReady returns one error for all problems that preflight found, so that they
// are told at once; nil for none. Preflight comes before any change. A caller may
// decide on the causes.
func NotReady(problems []*Error, causes ...error) error {
	if len(problems) == 0 {
		return nil
	}
	all := &preflightError{problems, errors.Join(causes...)}
	if len(problems) > 1 {
		return &Error{Kind: HostNotReady, ID: problems[0].ID, Err: all, End: Unchanged}
	}
	one := *problems[0]
	one.Err, one.End = all, cmp.Or(one.End, Unchanged)
	return &one
}

// Problems returns what an error tells, one problem each.
func Problems(err error) []*Error {
	if p := (*preflightError)(nil); errors.As(err, &p) {
		return p.problems
	}
	if err == nil {
		return nil
	}
	if e := (*Error)(nil); errors.As(err, &e) {
		return []*Error{{Kind: e.Kind, ID: IDOf(err), Err: err, Hints: e.Hints}}
	}
	return []*Error{{ID: IDOf(err), Err: err}}
}

// preflightError has words of its own in place of its causes'.
type preflightError struct {
	problems []*Error
	cause    error
}

func (e *preflightError) Error() string {
	if len(e.problems) == 1 {
		return e.problems[0].Error()
	}
	return e.list((*Error).Error)
}

// list is all problems below one another.
func (e *preflightError) list(show func(*Error) string) string {
	text := "this machine is not ready:"
	for _, p := range e.problems {
		text += "\n  - " + show(p)
	}
	return strings.TrimSuffix(text, "\n")
}

// Unwrap returns the problems, and the causes.
func (e *preflightError) Unwrap() []error {
	all := []error{}
	for _, p := range e.problems {
		all = append(all, p)
	}
	if e.cause != nil {
		all = append(all, e.cause)
	}
	return all
}
