// Package still holds the step that copies data at a moment at which OpenAlgo stands
// still, without a stop.
package still

import (
	"context"
	"errors"
	"time"

	"github.com/marketcalls/openalgo-install/internal/freeze"
	"github.com/marketcalls/openalgo-install/internal/run"
)

func init() { run.Register[Freeze]("container.freeze") }

// Freeze copies data while OpenAlgo is frozen. That it began is on the disk before:
// the next run thaws what a killed one left frozen.
type Freeze struct {
	run.Pathless
	ID   string `json:"id"`
	Name string `json:"name"`

	Copier Copier        `json:"-"`
	Frozen time.Duration `json:"-"` // for how long it was
	Failed error         `json:"-"` // why there is no copy; OpenAlgo runs
}

// Copier copies data in two parts.
type Copier interface {
	// Ahead copies what can be copied while OpenAlgo runs.
	Ahead(ctx context.Context) error
	// Last copies what changed since.
	Last(ctx context.Context) error
	// Guard watches over the freeze.
	Guard() freeze.Guard
}

func (s *Freeze) String() string {
	return "copy the data while " + s.Name + " runs, then the latest changes while it is frozen (5 s at most)"
}

// Do copies it. Done again, it begins from the beginning.
func (s *Freeze) Do(ctx context.Context, t *run.Tools) error {
	if _, err := freeze.Left(ctx, t.Engine, s.ID); err != nil {
		return err
	}
	t.Point("freeze-ahead")
	if s.Failed = s.Copier.Ahead(ctx); s.Failed != nil {
		return ctx.Err()
	}
	t.Point("freezing")
	var err error
	s.Frozen, err = freeze.Hold(ctx, t.Engine, s.Copier.Guard(), s.ID, func(ctx context.Context) error {
		t.Point("frozen")
		s.Failed = s.Copier.Last(ctx)
		return s.Failed
	})
	t.Point("thawed")
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case freeze.IsNone(err):
		s.Failed = err
		return nil
	case s.Failed != nil && errors.Is(err, s.Failed):
		return nil
	}
	return err
}

// Undo thaws what a killed process left frozen.
func (s *Freeze) Undo(ctx context.Context, t *run.Tools) error {
	was, err := freeze.Left(ctx, t.Engine, s.ID)
	if was {
		t.Note(s.Name + " was frozen, and runs again")
	}
	return err
}

// Containers are those that the step knows.
func (s *Freeze) Containers() []string { return []string{s.ID} }
