package run

import (
	"context"
	"errors"

	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/meter"
)

// failed undoes a run that failed or was cancelled, and says how that ended.
func (j *Journal) failed(ctx context.Context, t *Tools, cause error) error {
	f := &Failure{Cause: cause, Cancelled: ctx.Err() != nil}
	if f.Cancelled {
		t.Note("rolling back. A second Ctrl+C leaves that to the next command")
	} else {
		t.Note("rolling back")
	}
	f.End, f.Undo = j.undone(context.WithoutCancel(ctx), t)
	return f
}

// undone undoes, and says how that ended.
func (j *Journal) undone(ctx context.Context, t *Tools) (End, error) {
	err := meter.Do(ctx, t.Report, "undo", "rolling back", func(ctx context.Context) error {
		return t.AcrossRestart(ctx, func(ctx context.Context) error { return j.undo(ctx, t) })
	})
	if err != nil {
		return NotRolledBack, err
	}
	if err := closed(ctx, t); err != nil {
		return Silent, err
	}
	return RolledBack, nil
}

// undo brings back what was there before, and closes the journal. All of it can
// be repeated. No entry changes its state, so that a second undo goes the same
// way; a step that must not be undone twice records that in itself.
func (j *Journal) undo(ctx context.Context, t *Tools) error {
	instance.Own(t.Dir).ClearTemp()
	if err := t.EngineBack(ctx); err != nil {
		return err
	}
	for _, s := range t.Steps() {
		if g, ok := s.(Grounded); ok {
			if went, err := g.Forward(ctx, t); err != nil {
				return err
			} else if went {
				return j.close()
			}
		}
	}
	begun := t.Begun()
	for _, s := range begun {
		if l, ok := s.(Looker); ok {
			if err := l.Look(ctx, t); err != nil {
				return err
			}
		}
	}
	var failed error
	for i := len(begun) - 1; i >= 0; i-- {
		e := j.entry(begun[i])
		t.hook("before undo of " + e.Kind)
		err := undoStep(ctx, t, e.step)
		failed = errors.Join(failed, err)
		if isHalt(err) {
			return failed
		}
		if e.Part != "" && (i == 0 || j.entry(begun[i-1]).Part != e.Part) {
			t.Point("undo-" + e.Part)
		}
	}
	if failed != nil {
		return failed
	}
	return j.close()
}

// undoStep undoes one step within its time, whatever ended the run.
func undoStep(ctx context.Context, t *Tools, s Step) error {
	ctx, cancel := context.WithTimeout(ctx, t.UndoLimit)
	defer cancel()
	return s.Undo(ctx, t)
}

// closed asks each step whether what is back works.
func closed(ctx context.Context, t *Tools) error {
	for _, s := range t.Begun() {
		if c, ok := s.(Closer); ok {
			if err := c.Closed(ctx, t); err != nil {
				return err
			}
		}
	}
	return nil
}
