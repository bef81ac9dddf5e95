package data

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

func init() {
	run.Register[Clear]("data.clear")
	run.Register[Swap]("data.swap")
	run.Register[Tidy]("data.tidy")
}

// Clear removes the copies of an earlier run, to make space for those of
// this one.
type Clear struct {
	Base string `json:"base"`
	// For are the trees that are replaced by data of so many bytes: the step
	// refuses what does not fit. None: it refuses nothing.
	For   []string `json:"-"`
	Bytes int64    `json:"-"`
}

func (s *Clear) String() string { return "remove earlier copies in " + s.Base }

// Do removes them, so that a kill leaves all or none.
func (s *Clear) Do(ctx context.Context, t *run.Tools) error {
	if err := instance.Own(t.Dir).RemoveWhole(s.Base); err != nil {
		return fmt.Errorf("remove the last copy: %w", err)
	}
	if len(s.For) == 0 {
		return nil
	}
	trees, err := newTrees(ctx, t, s.For)
	if err != nil {
		return err
	}
	return tree.RoomFor(trees, t.Work(s.Base)).Fits(s.Bytes)
}

// Undo is nothing: they were to go.
func (s *Clear) Undo(context.Context, *run.Tools) error { return nil }

// Check refuses names that are paths.
func (s *Clear) Check() error { return run.CheckName(s.Base) }

// Swap makes what a rollback replaced the copy to go to next.
type Swap struct {
	run.OnlyForward
	run.Pathless
}

func (s *Swap) String() string { return "keep the replaced data" }

// Do renames it.
func (s *Swap) Do(_ context.Context, t *run.Tools) error {
	if stacks.IsGone(t.Work(instance.Replaced)) {
		return nil // done before
	}
	if err := instance.Own(t.Dir).RemoveWhole(instance.Snapshot); err != nil {
		return fmt.Errorf("remove the used copy: %w", err)
	}
	t.Point("swapped-half")
	if err := instance.Own(t.Dir).Rename(instance.Replaced, instance.Snapshot); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keep the copy of the replaced data: %w", err)
	}
	return nil
}

// Tidy removes, once the run is complete, the directories that no undo
// needed, and temporary files.
type Tidy struct {
	run.OnlyForward
	run.Pathless
}

func (s *Tidy) String() string { return "remove temporary files" }

// Do removes them.
func (s *Tidy) Do(_ context.Context, t *run.Tools) error {
	instance.Own(t.Dir).ClearTemp()
	for _, d := range run.All[*Keep](t.Steps()) {
		d.aside(t).removeEmpty()
	}
	return nil
}
