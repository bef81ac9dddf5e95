// Package compile has the steps that have OpenAlgo's code compiled.
package compile

import (
	"context"
	"errors"

	"github.com/marketcalls/openalgo-install/internal/bytecode"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step/pair"
)

func init() {
	run.Register[First]("bytecode.first")
	run.Register[Later]("bytecode.later")
}

// toStart is the container with an ID, or the one that the run created.
func toStart(ctx context.Context, t *run.Tools, id string) (engine.Container, error) {
	if id == "" {
		id = pair.NewID(t)
	}
	return t.Engine.Container(ctx, id)
}

// First has OpenAlgo's code compiled that is about to start, while the
// previous container still runs: the start is short then. It is never a reason to
// fail: without it the start takes longer.
type First struct {
	run.Pathless
	// ID is the container that starts; "" is the new one.
	ID string `json:"id,omitempty"`
}

func (s *First) String() string { return "compile OpenAlgo's code, if needed" }

// Do waits for it.
func (s *First) Do(ctx context.Context, t *run.Tools) error {
	c, err := toStart(ctx, t, s.ID)
	if err != nil || !needsBytecode(ctx, t, c) {
		return nil //nolint:nilerr // the next step that needs the container says so
	}
	ended := t.Begin("bytecode", "compile OpenAlgo's code once for each image, while OpenAlgo runs. Starts then take half the time")
	err = bytecode.Make(ctx, t.Engine, c)
	ended(nil)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !errors.Is(err, engine.ErrUnreachable) {
		t.Note("cannot compile OpenAlgo's code, so the next start takes as long as a first one: " + err.Error())
	}
	t.Point("compiled")
	return nil
}

// Undo ends what a killed run left compiling.
func (s *First) Undo(ctx context.Context, t *run.Tools) error {
	if c, err := toStart(ctx, t, s.ID); err == nil {
		if volume := bytecode.VolumeOf(c); volume != "" {
			_ = bytecode.End(ctx, t.Engine, volume)
		}
	}
	return nil
}

// Containers are those that the step knows.
func (s *First) Containers() []string { return []string{s.ID} }

// Later has the code compiled of the OpenAlgo that runs now, in the background:
// nobody waits for it, and its next start is short.
type Later struct {
	run.OnlyForward
	run.Pathless
	// ID is the container that runs; "" is the one that the run created.
	ID string `json:"id,omitempty"`
}

func (s *Later) String() string { return "compile OpenAlgo's code in the background" }

// Do begins it.
func (s *Later) Do(ctx context.Context, t *run.Tools) error {
	c, err := toStart(ctx, t, s.ID)
	if err == nil && needsBytecode(ctx, t, c) {
		_ = bytecode.Begin(ctx, t.Engine, c) // status and doctor tell that it is not there
		t.Point("compiling")
	}
	return nil
}

// Containers are those that the step knows.
func (s *Later) Containers() []string { return []string{s.ID} }

func needsBytecode(ctx context.Context, t *run.Tools, c engine.Container) bool {
	state := bytecode.Of(ctx, t.Engine, c)
	return state != "" && state != bytecode.Ready
}
