package data

import (
	"context"
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
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
	// User needs the data where Docker gives containers other users than those of the
	// backup; 0 leaves their owners.
	User int `json:"user,omitempty"`
	// Filled says that all of it is in its place.
	Filled bool `json:"filled,omitempty"`

	From Source `json:"-"`
}

// Source has data that can take the place of other data.
type Source interface {
	// Extract puts each tree into its directory, which is empty.
	Extract(ctx context.Context, trees map[string]string) error
}

func (s *Fill) String() string { return "replace the data in " + strings.Join(s.Trees, ", ") }

// Do replaces the data.
func (s *Fill) Do(ctx context.Context, t *run.Tools) error {
	trees, err := newTrees(ctx, t, s.Trees)
	if err != nil {
		return err
	}
	for _, dir := range trees {
		if err := tree.Empty(dir); err != nil {
			return fmt.Errorf("clearing %s: %w", dir, err)
		}
	}
	t.Point("restore-cleared")
	if err := s.From.Extract(ctx, trees); err != nil {
		return fmt.Errorf("unpacking the backup: %w", err)
	}
	for _, dir := range trees {
		if s.User == 0 {
			break
		}
		if err := tree.Give(dir, s.User); err != nil {
			return fmt.Errorf("giving %s to user %d: %w", dir, s.User, err)
		}
	}
	t.Point("restore-unpacked")
	s.Filled = true
	return nil
}

// newTrees is where the new container has some trees of the data.
func newTrees(ctx context.Context, t *run.Tools, names []string) (map[string]string, error) {
	c, err := pair.New(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("looking at the new container: %w", err)
	}
	out := map[string]string{}
	for _, name := range names {
		if out[name], _, err = stacks.DataPath(ctx, t.Engine, c, openalgo.Tree(name)); err != nil {
			return nil, err
		}
		if out[name] == "" {
			return nil, NotMounted(name)
		}
	}
	return out, nil
}

// NotMounted refuses a backup with data that the container has no place for.
func NotMounted(tree string) error {
	return finding.Named(finding.HostNotReady, "volume-missing", "the backup has data for /app/%s, but the container mounts nothing there. Add that volume to docker-compose.yaml first", tree)
}

// Undo is that of Keep.
func (s *Fill) Undo(context.Context, *run.Tools) error { return nil }

// Check refuses names that are paths.
func (s *Fill) Check() error {
	for _, name := range s.Trees {
		if err := run.CheckName(name); err != nil {
			return err
		}
	}
	return nil
}

// Changed reports whether the run may have changed data: the new container
// may have begun to run on it, or other data is being put in its place.
func Changed(t *run.Tools) bool {
	return pair.StartBegan(t) || run.Find[*Fill](t.Begun()) != nil
}
