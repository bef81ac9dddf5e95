// Package run carries out a list of steps. It alone writes the journal: what a
// run does and how far it is. When a step fails, those before it are undone in
// reverse order. When the process ends, the next one completes or undoes the run.
package run

import (
	"context"
	"errors"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/meter"
)

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
	err := meter.Do(ctx, t.Report, p.Name, "", func(ctx context.Context) error {
		err := ctx.Err()
		for i := 0; err == nil && i < len(p.Steps); i++ {
			err = j.do(ctx, t, p.Steps[i])
			if err == nil {
				err = ctx.Err()
			}
		}
		return err
	})
	if err != nil {
		ended(err)
		return err
	}
	point("between-")
	ended(nil)
	point("after-")
	return nil
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
