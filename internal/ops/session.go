// Package ops says what each command wants, and leads every run: lock,
// recover, look, wish, plan, ask, bring the image, carry out. The parts are in
// world, plan, image, step and run.
package ops

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// cleanupTime bounds what is still done after a run was cancelled.
const cleanupTime = 2 * time.Minute

// Session works on the instance in one directory.
type Session struct {
	kit
	// Confirm is asked what a plan asks; its error ends the run.
	Confirm func(*plan.Plan) error
}

// New returns a Session for the instance in dir.
func New(dir string, e Docker, machine sizing.Machine, report event.Reporter) (*Session, error) {
	d, err := instance.Open(dir)
	if err != nil {
		return nil, err
	}
	return &Session{kit: kit{Engine: e, Machine: machine, Report: event.Printable(report), dir: d}}, nil
}

// Plan works out what a command would do, and changes nothing.
func (in *Session) Plan(ctx context.Context, c Command) (*plan.Plan, error) {
	t := newTurn(in, c)
	defer t.source.Close()
	if c.settle {
		if err := settle(ctx, in, c); err != nil {
			return nil, err
		}
	}
	_, p, err := t.plan(ctx)
	return p, err
}

// Do carries a command out: it finishes or undoes what a killed run left, then
// plans and applies under the lock.
func (in *Session) Do(ctx context.Context, c Command) (event.Result, error) {
	t := newTurn(in, c)
	t.pulls = true
	defer dropKept(ctx, t)
	defer t.source.Close()
	return t.do(ctx)
}

// takeOver returns the lock when an unfinished run left a journal, or when
// another run was under way and has ended; nil when all is quiet.
func takeOver(ctx context.Context, in *Session) (*instance.Lock, error) {
	if !in.dir.WasLocked() && !in.dir.HasJournal() {
		return nil, nil // nobody was ever here
	}
	held, _, err := in.dir.TryLock()
	if err != nil {
		return nil, finding.Named(finding.HostNotReady, "directory-unwritable", "%w", err)
	}
	if held == nil {
		return in.dir.Lock(ctx, in.note)
	}
	j, err := run.Left(in.dir)
	if err == nil && j != nil {
		held.Sign()
		return held, nil
	}
	if err == nil {
		in.tidy(ctx)
	}
	held.Release()
	return nil, err
}

// settle finishes or undoes what a killed run left.
func settle(ctx context.Context, in *Session, c Command) error {
	held, err := takeOver(ctx, in)
	if err != nil || held == nil {
		return err
	}
	defer held.Release()
	_, err = in.logged("recover", func() (event.Result, error) { return event.Result{}, recoverLeft(ctx, in, c.mayBeBroken) })
	return err
}

// Note reports a sentence as a part of the run.
func (in *Session) Note(message string) { in.note(message) }

// Dir returns the instance's directory.
func (in *Session) Dir() instance.Dir { return in.dir }
