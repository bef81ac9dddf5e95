package data

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step/pair"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

func init() {
	run.Register[Move]("data.move")
	run.Register[Carry]("data.carry")
}

// Move copies a directory into the volume that takes its place, and compares
// the two file by file. The directory stays as it is.
type Move struct {
	From   run.Path `json:"from"`
	Target string   `json:"target"` // in the container

	// User becomes the owner of what the container could not write; 0 is nobody.
	User int `json:"-"`
}

func (s *Move) String() string { return "copy " + string(s.From) + " into its volume" }

// Do copies and compares.
func (s *Move) Do(ctx context.Context, t *run.Tools) error {
	c, err := pair.New(ctx, t)
	if err != nil {
		return fmt.Errorf("look at the new container: %w", err)
	}
	from := s.From.At(t.Dir)
	to, _, err := stacks.DataPath(ctx, t.Engine, c, s.Target)
	if err != nil || to == "" || stacks.SameFile(to, from) {
		return err
	}
	if err := tree.Copy(ctx, from, to); err != nil {
		return fmt.Errorf("copy %s into its volume: %w", from, err)
	}
	t.Point("moved" + strings.ReplaceAll(s.Target, "/", "-"))
	was, err := tree.Sums(ctx, from, tree.WithOwners)
	if err != nil {
		return fmt.Errorf("read %s: %w", from, err)
	}
	is, err := tree.Sums(ctx, to, tree.WithOwners)
	if err != nil {
		return fmt.Errorf("read the copy of %s: %w", from, err)
	}
	if !slices.Equal(was, is) {
		return fmt.Errorf("the copy of %s differs from the original. The copy is not used", from)
	}
	return giveCopy(to, s.User)
}

// Undo is that of CreateVolume.
func (s *Move) Undo(context.Context, *run.Tools) error { return nil }

// Check refuses a path that is none.
func (s *Move) Check() error { return s.From.Check() }

// Carry copies what the previous container kept in itself, where it would be
// gone with it, into the volumes of the new one.
type Carry struct {
	run.Pathless
	Target string `json:"target"` // in both containers

	// User becomes the owner of what the container could not write; 0 is nobody.
	User int `json:"-"`
}

func (s *Carry) String() string { return "copy " + s.Target + " out of the previous container" }

// Do copies it.
func (s *Carry) Do(ctx context.Context, t *run.Tools) error {
	content, err := t.Engine.CopyFrom(ctx, pair.PreviousID(t), s.Target)
	if errors.Is(err, engine.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	err = t.Engine.CopyTo(ctx, pair.NewID(t), filepath.Dir(s.Target), content)
	if err := errors.Join(err, content.Close()); err != nil {
		return err
	}
	c, err := pair.New(ctx, t)
	if err != nil {
		return fmt.Errorf("look at the new container: %w", err)
	}
	to, _, err := stacks.DataPath(ctx, t.Engine, c, s.Target)
	if err != nil || to == "" {
		return err
	}
	return giveCopy(to, s.User)
}

// Undo is nothing: the previous container has it still.
func (s *Carry) Undo(context.Context, *run.Tools) error { return nil }

// giveCopy gives a user what it could not read or write of a copy; 0 is nobody.
// What was copied keeps its owners.
func giveCopy(dir string, uid int) error {
	if uid == 0 {
		return nil
	}
	if err := tree.Give(dir, uid); err != nil {
		return fmt.Errorf("change the owner of %s: %w", dir, err)
	}
	return nil
}
