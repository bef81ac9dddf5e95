package data

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step/pair"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

func init() { run.Register[Keep]("data.keep") }

// SavedTrees are the data directories that count (docs/openalgo-facts.md 9.1).
var SavedTrees = []string{"db", "strategies", "keys"}

// Keep copies one tree of the data while nobody writes it. An undo brings the
// copy back once the run may have changed the data: migrations only go forward
// (docs/openalgo-facts.md 9.3).
type Keep struct {
	Tree string `json:"tree"` // "db"
	Base string `json:"base"` // instance.Snapshot or instance.Replaced
	// OfNew says that the new container's data is copied, not the previous one's.
	OfNew bool `json:"of_new,omitempty"`
	// Data is the directory that is copied, and Volume the volume that it is of;
	// "" is none.
	Data   run.Path `json:"data,omitempty"`
	Volume string   `json:"volume,omitempty"`
	// Whole says that the copy is complete; only then may it be brought back.
	Whole bool `json:"whole,omitempty"`
	// Prepared says that the directory is made that an undo moves Data into; Moved
	// that it has, and Back that the copy is in its place.
	Prepared bool `json:"prepared,omitempty"`
	Moved    bool `json:"moved,omitempty"`
	Back     bool `json:"back,omitempty"`
	// Renaming says that the copy itself is being moved into its place.
	Renaming bool `json:"renaming,omitempty"`
	// Left says that Data is in use, and stays as it is.
	Left bool `json:"left,omitempty"`
	// Lost says that Docker lost the volume.
	Lost bool `json:"lost,omitempty"`
}

func (s *Keep) String() string { return "keep a copy of " + s.Tree }

// Copy is where the copy is.
func (s *Keep) Copy(t *run.Tools) string { return t.Work(filepath.Join(s.Base, s.Tree)) }

// Do copies the tree.
func (s *Keep) Do(ctx context.Context, t *run.Tools) error {
	c, err := s.container(ctx, t)
	if err != nil {
		return fmt.Errorf("look at the container: %w", err)
	}
	dir, source, err := stacks.DataPath(ctx, t.Engine, c, openalgo.Tree(s.Tree))
	if err != nil {
		return err
	}
	if dir == "" {
		return fmt.Errorf("%s mounts nothing at /app/%s, so there is nothing to copy", c.Name, s.Tree)
	}
	s.Data = run.In(t.Dir, dir)
	if !filepath.IsAbs(source) {
		s.Volume = source
	}
	s.Prepared = s.aside(t).prepare() == nil
	if err := t.Save(); err != nil {
		return err
	}
	if !finish(ctx, t, s.Base, s.Tree, dir) {
		if err := tree.Copy(ctx, dir, s.Copy(t)); err != nil {
			return fmt.Errorf("keep a copy of %s: %w", dir, err)
		}
	}
	s.Whole = true
	t.Point(s.Base + "-" + s.Tree)
	return t.Save()
}

func (s *Keep) container(ctx context.Context, t *run.Tools) (engine.Container, error) {
	if old := pair.PreviousID(t); !s.OfNew && old != "" {
		return t.Engine.Container(ctx, old)
	}
	return pair.New(ctx, t)
}

// goesBack reports whether an undo brings the copy back: the run has begun to
// change the data, or the data is gone.
func (s *Keep) goesBack(t *run.Tools) bool {
	lost := s.Lost || s.Base == instance.Snapshot && s.Data != "" && stacks.IsGone(s.Data.At(t.Dir))
	return s.Whole && !s.Left && (Changed(t) || lost)
}

// Look finds out whether a container that the user created since runs on the
// data. Where that one does not answer, the user has to stop it.
func (s *Keep) Look(ctx context.Context, t *run.Tools) error {
	if !s.goesBack(t) || s.Back {
		return nil
	}
	if err := s.recreateVolume(ctx, t); err != nil {
		return err
	}
	c, err := pair.RunsOn(ctx, t, s.Data.At(t.Dir), "")
	if c == nil || err != nil {
		return err
	}
	if HalfReplaced(t) || !pair.Answers(ctx, t, *c) {
		return pair.UsesData(*c)
	}
	t.Note(fmt.Sprintf("%s uses %s and answers, so that data was not touched. The previous copy is %s", c.Name, s.Data.At(t.Dir), s.Copy(t)))
	s.Left = true
	t.Keep()
	return nil
}

// Undo brings the copy back, once: a container may have run on the data since.
// Whatever else is to be undone waits for it.
func (s *Keep) Undo(ctx context.Context, t *run.Tools) error {
	if !s.goesBack(t) || s.Back {
		s.aside(t).removeEmpty()
		return nil
	}
	// Without a limit: half of the data is worth nothing.
	ctx = context.WithoutCancel(ctx)
	err := s.mayReplace(ctx, t)
	if err == nil {
		err = s.bringBack(ctx, t)
	}
	if err != nil {
		return run.Halt(fmt.Errorf("restore the data from %s: %w", s.Copy(t), err))
	}
	s.Back = true
	t.Keep()
	s.aside(t).removeEmpty()
	t.Point("undo-data")
	return nil
}

// mayReplace refuses to copy over a directory that is no data of this instance.
func (s *Keep) mayReplace(ctx context.Context, t *run.Tools) error {
	data := s.Data.At(t.Dir)
	known, err := isKnown(ctx, t, data)
	if err == nil && !known {
		err = unknown(t, data, s.Copy(t))
	}
	return err
}

// bringBack moves what is in the data's place aside, and puts the copy there.
func (s *Keep) bringBack(ctx context.Context, t *run.Tools) error {
	from, data := s.Copy(t), s.Data.At(t.Dir)
	if info, err := os.Stat(from); err != nil || !info.IsDir() {
		return errors.Join(err, fmt.Errorf("%s is not a directory", from))
	}
	if s.Renaming {
		return tree.Move(from, data, s.aside(t).places()...)
	}
	if !s.Moved {
		if err := s.moveAside(t); err != nil {
			return err
		}
	}
	t.Point("undo-moved")
	err := tree.Copy(ctx, from, data)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		t.Note("there is no room for a copy, so the kept data is moved back")
		err = s.renameBack(t)
	}
	return err
}

// renameBack puts the copy itself into the data's place, which needs no space.
// Half of a copy in the data's place is removed first. The rename is journaled
// before it begins, since no copy is left afterwards to begin again from.
func (s *Keep) renameBack(t *run.Tools) error {
	if err := tree.Empty(s.Data.At(t.Dir)); err != nil {
		return err
	}
	s.Renaming = true
	if err := t.Save(); err != nil {
		return err
	}
	return tree.Move(s.Copy(t), s.Data.At(t.Dir), s.aside(t).places()...)
}

func (s *Keep) aside(t *run.Tools) aside {
	return aside{dir: t.Dir, stamp: asideStamp(t), tree: s.Tree, data: s.Data.At(t.Dir)}
}

// moveAside moves what is in the data's place aside.
func (s *Keep) moveAside(t *run.Tools) error {
	place := s.aside(t)
	if !s.Prepared {
		s.Prepared = place.prepare() == nil
	}
	moved, err := place.move(func() { t.Point("undo-moving") })
	if err != nil || stacks.IsGone(place.data) {
		return err
	}
	s.Moved = true
	if moved == "" {
		return nil
	}
	place.prune()
	t.Note("the replaced data is kept in " + moved)
	t.Keep()
	return place.sync()
}

// recreateVolume creates the volume of a copy again where Docker lost it, as it
// does when it is removed and installed again: the copy is all that is left of the
// data. Docker may keep its volumes in another place since.
func (s *Keep) recreateVolume(ctx context.Context, t *run.Tools) error {
	if s.Volume == "" || !t.Engine.Info().Local || !stacks.IsGone(s.Data.At(t.Dir)) || s.Renaming { // then a part of the copy is lost, too
		return nil
	}
	s.Lost = true
	t.Keep()
	v, err := t.Engine.Volume(ctx, s.Volume)
	if errors.Is(err, engine.ErrNotFound) {
		t.Note(fmt.Sprintf("Docker no longer has the volume %s. openalgo-install recreates it and copies its data from %s. "+
			"Strategies and logs were in other volumes. Only a backup restores them", s.Volume, s.Copy(t)))
		v, err = t.Engine.CreateVolume(ctx, engine.VolumeSpec{Name: s.Volume, Labels: labelsOf(t, s.Volume)})
		t.Point("undo-volume")
	}
	if err != nil {
		return fmt.Errorf("recreate the volume %s: %w", s.Volume, err)
	}
	s.Data, s.Moved = run.In(t.Dir, v.Mountpoint), false
	t.Keep()
	return nil
}

// Check refuses names that are paths, and data that is in a directory of the
// work directory's.
func (s *Keep) Check() error {
	if err := errors.Join(run.CheckName(s.Tree), run.CheckName(s.Base)); err != nil {
		return err
	}
	if s.Base != instance.Snapshot && s.Base != instance.Replaced {
		return run.Foreign(s.Base, s.Tree)
	}
	return s.Data.Check()
}

// HalfReplaced reports whether a run ended while it replaced data: a container on
// that has half of the old and half of the new.
func HalfReplaced(t *run.Tools) bool {
	fill := run.Find[*Fill](t.Begun())
	return fill != nil && !fill.Filled && len(GoingBack(t)) > 0
}

// GoingBack are the copies that an undo brings back.
func GoingBack(t *run.Tools) []*Keep {
	return slices.DeleteFunc(run.All[*Keep](t.Begun()), func(s *Keep) bool { return !s.goesBack(t) })
}

// MustNotMigrate reports whether the new release would change data of which there
// is no copy yet.
func MustNotMigrate(t *run.Tools) bool {
	return !Changed(t) && slices.ContainsFunc(run.All[*Keep](t.Steps()), func(s *Keep) bool { return s.Base == instance.Snapshot })
}
