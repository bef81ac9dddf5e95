package run

import (
	"errors"
)

// End is how a run ended that failed.
type End int

// Ends of a run.
const (
	NotBegun      End = iota // nothing was changed
	RolledBack               // all is back, and works as before
	Silent                   // all is back, and what ran before does not answer
	NotRolledBack            // the undo failed
	NotCommitted             // the change is in force, and tidying up failed
	GivenUp                  // a step of the commit failed, and nothing is left to complete
)

// Failure is why a run failed and what became of it.
type Failure struct {
	End       End
	Cause     error // why it did not go on; nil of a run that was interrupted
	Undo      error // of Silent and NotRolledBack: what failed after that
	Cancelled bool  // the user ended it
}

func (f *Failure) Error() string { return errors.Join(f.Cause, f.Undo).Error() }

func (f *Failure) Unwrap() []error { return []error{errors.Join(f.Cause, f.Undo)} }
