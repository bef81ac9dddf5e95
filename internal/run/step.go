package run

import (
	"context"
	"errors"
	"fmt"
	"reflect"
)

// Looker is a step that looks, before anything is undone, at what happened since
// the run.
type Looker interface {
	Look(ctx context.Context, t *Tools) error
}

// Grounded is a step whose undo goes back to something that somebody else may
// remove.
type Grounded interface {
	// Forward goes on with what is new where that is gone, and reports whether
	// it did: nothing is undone then.
	Forward(ctx context.Context, t *Tools) (bool, error)
}

// Resumer is a step that may have come to its end after a kill. A run whose
// other steps are done is complete once all of these are.
type Resumer interface {
	Resume(ctx context.Context, t *Tools) bool
}

// Closer is a step that checks, once all is back and the journal is closed, that
// what is back works.
type Closer interface {
	Closed(ctx context.Context, t *Tools) error
}

// Part is a group of steps that people see as one.
type Part struct {
	Name, Title string
	Steps       []Step
}

// Plan is what a run does.
type Plan struct {
	Command string
	Parts   []Part
	// Commit is done after all parts, and is only ever completed.
	Commit []Step
}

var (
	makers = map[string]func() Step{}
	kinds  = map[reflect.Type]string{}
)

// Register names a kind of step in the journal, so that another process can read
// it back: run.Register[StopContainer]("container.stop").
func Register[T any, P interface {
	*T
	Step
}](kind string) {
	if makers[kind] != nil {
		panic("two kinds of step are called " + kind)
	}
	makers[kind] = func() Step { return P(new(T)) }
	kinds[reflect.TypeFor[P]()] = kind
}

// Kinds returns an empty step of every registered kind, by its name.
func Kinds() map[string]Step {
	out := map[string]Step{}
	for kind, make := range makers {
		out[kind] = make()
	}
	return out
}

// kindOf is the name of a step's kind.
func kindOf(s Step) string {
	kind, ok := kinds[reflect.TypeOf(s)]
	if !ok {
		panic(fmt.Sprintf("%T is not registered", s))
	}
	return kind
}

// haltError ends an undo at once.
type haltError struct{ error }

func (e haltError) Unwrap() error { return e.error }

// Halt marks an error of an Undo after which the rest of the undo would do harm.
func Halt(err error) error {
	if err == nil {
		return nil
	}
	return haltError{err}
}

func isHalt(err error) bool { return errors.As(err, &haltError{}) }

// finalError ends a commit for good.
type finalError struct{ error }

func (e finalError) Unwrap() error { return e.error }

// Final marks an error of a commit after which nothing is left to complete.
func Final(err error) error {
	if err == nil {
		return nil
	}
	return finalError{err}
}

func isFinal(err error) bool { return errors.As(err, &finalError{}) }

// OnlyForward is a step of a commit: it is only ever completed.
type OnlyForward struct{}

// Undo does nothing.
func (OnlyForward) Undo(context.Context, *Tools) error { return nil }

// Pathless is a step that names no path: what it names is looked up in Docker,
// which has it or has not, or an undo does nothing with it.
type Pathless struct{}

// Check accepts any name.
func (Pathless) Check() error { return nil }
