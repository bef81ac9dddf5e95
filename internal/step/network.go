package step

import (
	"context"
	"errors"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step/pair"
)

func init() { run.Register[CreateNetwork]("network.create") }

// CreateNetwork creates network of this instance.
type CreateNetwork struct {
	run.Pathless
	Name string             `json:"name"`
	Made bool               `json:"made,omitempty"` // it was not there before
	Spec engine.NetworkSpec `json:"-"`
}

func (s *CreateNetwork) String() string { return "create the network " + s.Name }

// Do creates it.
func (s *CreateNetwork) Do(ctx context.Context, t *run.Tools) error {
	if _, err := t.Engine.Network(ctx, s.Name); !errors.Is(err, engine.ErrNotFound) {
		return err
	}
	s.Made = true
	if err := t.Save(); err != nil {
		return err
	}
	if _, err := t.Engine.CreateNetwork(context.WithoutCancel(ctx), s.Spec); err != nil {
		return fmt.Errorf("create the network %s: %w", s.Name, err)
	}
	t.Point("network")
	return nil
}

// Undo removes it, unless a previous container stays on it, or others use it.
func (s *CreateNetwork) Undo(ctx context.Context, t *run.Tools) error {
	if s.Made && pair.PreviousID(t) == "" {
		_ = t.Engine.RemoveNetwork(ctx, s.Name)
	}
	return nil
}
