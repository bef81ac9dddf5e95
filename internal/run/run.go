// Package run carries out a list of steps. It alone writes the journal: what a
// run does and how far it is. When a step fails, those before it are undone in
// reverse order. When the process ends, the next one completes or undoes the run.
package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
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

// Run carries out a plan. A failed one is undone; the error is a *Failure.
func Run(ctx context.Context, t *Tools, p Plan) error {
	j := newJournal(t, p)
	t.journal = j
	if err := j.save(); err != nil {
		return &Failure{End: NotBegun, Cause: err}
	}
	for _, part := range p.Parts {
		if err := j.part(ctx, t, part); err != nil {
			return j.failed(ctx, t, err)
		}
	}
	if j.Phase == Apply {
		j.Phase = Commit
		if err := j.save(); err != nil {
			j.Phase = Apply
			return j.failed(ctx, t, err)
		}
	}
	if len(p.Parts) > 0 {
		t.Point("committing")
		ctx = context.WithoutCancel(ctx)
	}
	return j.commit(ctx, t)
}

// part carries out the steps of one part.
func (j *Journal) part(ctx context.Context, t *Tools, p Part) error {
	ended := t.Begin(p.Name, p.Title)
	point := func(at string) {
		if p.Name != "" {
			t.Point(at + p.Name)
		}
	}
	point("before-")
	err := ctx.Err()
	for i := 0; err == nil && i < len(p.Steps); i++ {
		err = j.do(ctx, t, p.Steps[i])
		if err == nil {
			err = ctx.Err()
		}
	}
	if err != nil {
		ended(err)
		return err
	}
	point("between-")
	ended(nil)
	point("after-")
	return nil
}

// Begin tells that something begins that people see as one; ended tells how that
// ended. Without a name nothing is told.
func (t *Tools) Begin(name, title string) (ended func(error)) {
	if name == "" {
		return func(error) {}
	}
	began := time.Now()
	t.Report.Report(event.Event{Type: event.TypeStep, Time: began, Step: name, State: event.Started, Message: title})
	return func(err error) {
		state := event.Done
		if err != nil {
			state = event.Failed
		}
		t.Report.Report(event.Event{Type: event.TypeStep, Time: time.Now(), Step: name, State: state, Seconds: time.Since(began).Seconds()})
	}
}

// do carries out one step. That it is done is on the disk with the beginning of
// the next one: until then its undo serves as well.
func (j *Journal) do(ctx context.Context, t *Tools, s Step) error {
	e := j.entry(s)
	e.State = Begun
	if err := j.save(); err != nil {
		return err
	}
	t.hook("before " + e.Kind)
	if err := t.AcrossRestart(ctx, func(ctx context.Context) error { return s.Do(ctx, t) }); err != nil {
		return err
	}
	t.hook("after " + e.Kind)
	e.State = Done
	return nil
}

func (j *Journal) entry(s Step) *Entry {
	for _, e := range j.Steps {
		if e.step == s {
			return e
		}
	}
	panic(s.String() + " is not in the journal")
}

// commit completes a run: each of its steps can be repeated.
func (j *Journal) commit(ctx context.Context, t *Tools) error {
	for _, e := range j.Commit {
		t.hook("before " + e.Kind)
		err := t.AcrossRestart(ctx, func(ctx context.Context) error { return e.step.Do(ctx, t) })
		if isFinal(err) && !errors.Is(err, engine.ErrUnreachable) {
			return &Failure{End: GivenUp, Cause: errors.Join(err, j.close())}
		}
		if err != nil {
			return &Failure{End: NotCommitted, Cause: err}
		}
		t.hook("after " + e.Kind)
	}
	if err := j.close(); err != nil {
		return &Failure{End: NotCommitted, Cause: err}
	}
	return nil
}

// awayTries is how often Docker may go away during one step.
const awayTries = 3

// AcrossRestart does what can be repeated. When Docker goes away meanwhile (it is
// restarted or upgraded), it waits for Docker and repeats, so that no container
// which this program stopped stays down.
func (t *Tools) AcrossRestart(ctx context.Context, do func(context.Context) error) error {
	err := do(ctx)
	for tries := 0; errors.Is(err, engine.ErrUnreachable) && tries < awayTries; tries++ {
		t.Note("Docker stopped answering")
		if t.EngineBack(ctx) != nil {
			return err
		}
		err = do(ctx)
	}
	return err
}

// AwayTime is how long Docker may be away before a run gives up. An upgrade of
// its packages takes minutes.
const AwayTime = 10 * time.Minute

// pingTime is how long Docker may take to answer before a note says so.
const pingTime = 5 * time.Second

// EngineBack waits for a Docker that was restarted meanwhile.
func (t *Tools) EngineBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, AwayTime)
	defer cancel()
	ask, done := context.WithTimeout(ctx, pingTime)
	defer done()
	if t.Engine.Ping(ask) != nil {
		t.Note(fmt.Sprintf("waiting up to %s for Docker to answer", AwayTime))
	}
	return t.Engine.WaitReady(ctx)
}
