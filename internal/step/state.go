package step

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

func init() {
	run.Register[WriteState]("state.write")
	run.Register[SwapSnapshot]("data.swap")
	run.Register[Action]("action")
}

// WriteState writes down what the finished run leaves: hashes and names, no
// values.
type WriteState struct {
	onlyForward
	pathless
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

// SwapSnapshot makes what a rollback replaced the copy to go to next.
type SwapSnapshot struct {
	onlyForward
	pathless
}

func (s *SwapSnapshot) String() string { return "keep what was replaced" }

// Do renames it.
func (s *SwapSnapshot) Do(_ context.Context, t *run.Tools) error {
	if stacks.IsGone(t.Work(instance.Replaced)) {
		return nil // done before
	}
	if err := tree.RemoveWhole(t.Work(instance.Snapshot)); err != nil {
		return fmt.Errorf("removing the copy that was used: %w", err)
	}
	t.Point("swapped-half")
	if err := host.Rename(t.Work(instance.Replaced), t.Work(instance.Snapshot)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keeping the copy of what was replaced: %w", err)
	}
	return nil
}

// Action is something that leaves nothing to undo: it looks, compares, or writes
// what nobody else uses.
type Action struct {
	pathless
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
