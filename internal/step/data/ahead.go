package data

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step/pair"
	"github.com/marketcalls/openalgo-install/internal/tree"
	"github.com/marketcalls/openalgo-install/internal/tree/mirror"
)

func init() { run.Register[Ahead]("data.ahead") }

// Ahead copies one tree of the data while OpenAlgo still runs, so that Keep has
// little left to copy after the stop. Where it cannot, Keep copies all of it.
type Ahead struct {
	Tree string `json:"tree"`

	data   string // what is copied
	mirror *mirror.Mirror
}

func (s *Ahead) String() string {
	return "copy as much of " + s.Tree + " as possible while OpenAlgo runs"
}

// Do copies it. The previous copy stays until the stop, so both need room.
func (s *Ahead) Do(ctx context.Context, t *run.Tools) error {
	s.drop(t)
	if err := s.begin(ctx, t); err != nil {
		s.drop(t)
		return ctx.Err()
	}
	t.Point("ahead-" + s.Tree)
	return nil
}

func (s *Ahead) begin(ctx context.Context, t *run.Tools) error {
	c, err := t.Engine.Container(ctx, pair.PreviousID(t))
	if err != nil {
		return err
	}
	if s.data, _, err = stacks.DataPath(ctx, t.Engine, c, openalgo.Tree(s.Tree)); err != nil {
		return err
	}
	bytes, err := tree.Bytes(s.data)
	if err != nil {
		return err
	}
	disk, err := host.Disk(t.Work(""))
	if err != nil {
		return err
	}
	if need := int((bytes+bytes/8)>>20) + tree.MinDirMiB; disk.FreeMiB < need {
		return fmt.Errorf("%s has %s free, and the copy needs %s", t.Work(""), printable.MiB(disk.FreeMiB), printable.MiB(need))
	}
	if s.mirror, err = mirror.Open(s.data, t.Work(s.place())); err != nil {
		return err
	}
	if err := s.mirror.Ahead(ctx); err != nil {
		return err
	}
	if s.mirror.Linked {
		return errors.New("a file has a hard link")
	}
	return nil
}

func (s *Ahead) place() string { return filepath.Join(instance.Ahead, s.Tree) }

func (s *Ahead) drop(t *run.Tools) {
	if s.mirror != nil {
		_ = s.mirror.Close()
		s.mirror = nil
	}
	_ = instance.Own(t.Dir).RemoveTree(s.place())
}

// Undo removes what was copied.
func (s *Ahead) Undo(_ context.Context, t *run.Tools) error {
	s.drop(t)
	return nil
}

// Check refuses names that are paths.
func (s *Ahead) Check() error { return run.CheckName(s.Tree) }

// finish makes the copy of dir that Ahead began the one that is kept below base, once
// nobody writes the data any more. It reports whether there is one.
func finish(ctx context.Context, t *run.Tools, base, name, dir string) bool {
	own := instance.Own(t.Dir)
	for _, a := range run.All[*Ahead](t.Steps()) {
		if a.Tree != name || a.data != dir || a.mirror == nil {
			continue
		}
		err := a.mirror.Last(ctx)
		if err == nil && !a.mirror.Linked {
			err = errors.Join(a.mirror.Settle(ctx), own.Make(base), own.RemoveTree(filepath.Join(base, name)))
			if err == nil {
				err = own.Rename(a.place(), filepath.Join(base, name))
			}
			if err == nil {
				a.drop(t)
				return true
			}
		}
		a.drop(t)
	}
	return false
}
