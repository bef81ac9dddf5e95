package step

import (
	"context"
	"encoding/json"

	"github.com/marketcalls/openalgo-install/internal/run"
)

func init() {
	run.Register[WriteState]("state.write")
	run.Register[Action]("action")
}

// WriteState writes down what the finished run leaves: hashes and names, no
// values.
type WriteState struct {
	run.OnlyForward
	run.Pathless
	State json.RawMessage `json:"state"`
}

func (s *WriteState) String() string { return "write the state" }

// Do writes it.
func (s *WriteState) Do(ctx context.Context, t *run.Tools) error {
	var needsSetup *bool
	if v := run.Find[*Verify](t.Steps()); v != nil {
		needsSetup = v.NeedsSetup
	}
	if err := t.App.Remember(ctx, s.State, needsSetup); err != nil {
		return err
	}
	t.Point("state")
	return nil
}

// Action is something that leaves nothing to undo: it looks, compares, or writes
// what nobody else uses.
type Action struct {
	run.Pathless
	What string `json:"what"`

	Func func(ctx context.Context) error `json:"-"`
}

func (s *Action) String() string { return s.What }

// Do does it, in the process that planned it.
func (s *Action) Do(ctx context.Context, _ *run.Tools) error {
	if s.Func == nil {
		return nil
	}
	return s.Func(ctx)
}

// Undo is nothing.
func (s *Action) Undo(context.Context, *run.Tools) error { return nil }
