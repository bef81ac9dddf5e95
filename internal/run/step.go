package run

import (
	"context"
	"errors"
	"fmt"
	"reflect"
)

// Step is one thing that a run changes: one file, one volume, one container. It
// is a pointer to a struct, and its exported fields are its record in the
// journal.
//
//   - Do may be called again after it was cut off anywhere, and Undo after a Do
//     that was cut off anywhere.
//   - Undo needs no space on the disk.
//   - What a Do learns it stores in the step, and calls Tools.Save before it acts
//     on it.
//   - The content of files stays out of the journal: after a kill only Undo is
//     called, which needs hashes and kept copies alone.
type Step interface {
	// String says what the step does, for people: "stop openalgo-web".
	String() string
	Do(ctx context.Context, t *Tools) error
	Undo(ctx context.Context, t *Tools) error
	// Check refuses what no run wrote, in a step that was read from the disk:
	// root follows its paths.
	Check(dir string) error
}

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
