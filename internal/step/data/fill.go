package data

import (
	"context"
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step/pair"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

func init() { run.Register[Fill]("data.fill") }

// Fill puts other data in the place of what is there. Keep of each tree
// comes before it, and undoes it.
type Fill struct {
	Trees []string `json:"trees"`
	// Filled says that all of it is in its place.
	Filled bool `json:"filled,omitempty"`

	Fill func(ctx context.Context, trees map[string]string) error `json:"-"`
}

func (s *Fill) String() string { return "replace the data in " + strings.Join(s.Trees, ", ") }

// Do replaces the data.
func (s *Fill) Do(ctx context.Context, t *run.Tools) error {
	c, err := pair.New(ctx, t)
	if err != nil {
		return fmt.Errorf("look at the new container: %w", err)
	}
	trees := map[string]string{}
	for _, name := range s.Trees {
		if trees[name], _, err = stacks.DataPath(ctx, t.Engine, c, openalgo.Tree(name)); err != nil {
			return err
		}
		if trees[name] == "" {
			return fmt.Errorf("%s mounts nothing at /app/%s", c.Name, name)
		}
	}
	for _, dir := range trees {
		if err := tree.Empty(dir); err != nil {
			return fmt.Errorf("clearing %s: %w", dir, err)
		}
	}
	t.Point("restore-cleared")
	if err := s.Fill(ctx, trees); err != nil {
		return fmt.Errorf("unpacking the backup: %w", err)
	}
	t.Point("restore-unpacked")
	s.Filled = true
	return nil
}

// Undo is that of Keep.
func (s *Fill) Undo(context.Context, *run.Tools) error { return nil }

// Check refuses names that are paths.
func (s *Fill) Check(string) error { return run.CheckNames(s.Trees...) }

// Changed reports whether the run may have changed data: the new container
// may have begun to run on it, or other data is being put in its place.
func Changed(t *run.Tools) bool {
	return pair.StartBegan(t) || run.Find[*Fill](t.Begun()) != nil
}
