package step

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

func init() {
	run.Register[ClearCopies]("data.clear")
	run.Register[KeepData]("data.keep")
	run.Register[FillData]("data.fill")
}

// savedTrees are the data directories that count (docs/openalgo-facts.md 9.1).
var savedTrees = []string{"db", "strategies", "keys"}

// ClearCopies removes the copies of an earlier run, to make space for those of
// this one.
type ClearCopies struct {
	Base string `json:"base"`
	// Room refuses copies that do not fit.
	Room func(ctx context.Context) error `json:"-"`
}

func (s *ClearCopies) String() string { return "remove earlier copies in " + s.Base }

// Do removes them, so that a kill leaves all or none.
func (s *ClearCopies) Do(ctx context.Context, t *run.Tools) error {
	if err := tree.RemoveWhole(t.Work(s.Base)); err != nil {
		return fmt.Errorf("removing the last copy: %w", err)
	}
	if s.Room != nil {
		return s.Room(ctx)
	}
	return nil
}

// Undo is nothing: they were to go.
func (s *ClearCopies) Undo(context.Context, *run.Tools) error { return nil }

// Check refuses names that are paths.
func (s *ClearCopies) Check(string) error { return checkBases(s.Base) }

// KeepData copies one tree of the data while nobody writes it. An undo brings the
// copy back once the run may have changed the data: migrations only go forward
// (docs/openalgo-facts.md 9.3).
type KeepData struct {
	Tree string `json:"tree"` // "db"
	Base string `json:"base"` // instance.Snapshot or instance.Replaced
	// OfNew says that the new container's data is copied, not the previous one's.
	OfNew bool `json:"of_new,omitempty"`
	// Data is the directory that is copied, and Volume the volume that it is of;
	// "" is none.
	Data   Path   `json:"data,omitempty"`
	Volume string `json:"volume,omitempty"`
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

func (s *KeepData) String() string { return "keep a copy of " + s.Tree }

func (s *KeepData) copy(t *run.Tools) string { return t.Work(filepath.Join(s.Base, s.Tree)) }

// Do copies the tree.
func (s *KeepData) Do(ctx context.Context, t *run.Tools) error {
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
	s.Data = In(t.Dir, dir)
	if !filepath.IsAbs(source) {
		s.Volume = source
	}
	s.prepareAside(t)
	if err := t.Save(); err != nil {
		return err
	}
	if err := tree.Copy(ctx, dir, s.copy(t)); err != nil {
		return fmt.Errorf("keep a copy of %s: %w", dir, err)
	}
	s.Whole = true
	t.Point(s.Base + "-" + s.Tree)
	return t.Save()
}

func (s *KeepData) container(ctx context.Context, t *run.Tools) (engine.Container, error) {
	if old := run.Find[*StopContainer](t.Steps()); !s.OfNew && old != nil {
		return t.Engine.Container(ctx, old.ID)
	}
	return newContainer(ctx, t)
}

// goesBack reports whether an undo brings the copy back: the run has begun to
// change the data, or the data is gone.
func (s *KeepData) goesBack(t *run.Tools) bool {
	lost := s.Lost || s.Base == instance.Snapshot && s.Data != "" && stacks.IsGone(s.Data.At(t.Dir))
	return s.Whole && !s.Left && (dataChanged(t) || lost)
}

// Look finds out whether a container that the user created since runs on the
// data. Where that one does not answer, the user has to stop it.
func (s *KeepData) Look(ctx context.Context, t *run.Tools) error {
	if !s.goesBack(t) || s.Back {
		return nil
	}
	if err := s.recreateVolume(ctx, t); err != nil {
		return err
	}
	c, err := runsOn(ctx, t, s.Data.At(t.Dir), "")
	if c == nil || err != nil {
		return err
	}
	if halfReplaced(t) || !answers(ctx, t, *c) {
		return usesData(*c)
	}
	t.Note(fmt.Sprintf("%s runs on %s and answers, so that data stays as it is. The previous copy is %s", c.Name, s.Data.At(t.Dir), s.copy(t)))
	s.Left = true
	t.Keep()
	return nil
}

// Undo brings the copy back, once: a container may have run on the data since.
// Whatever else is to be undone waits for it.
func (s *KeepData) Undo(ctx context.Context, t *run.Tools) error {
	if !s.goesBack(t) || s.Back {
		s.removeEmptyAside(t)
		return nil
	}
	// Without a limit: half of the data is worth nothing.
	ctx = context.WithoutCancel(ctx)
	err := s.knownData(ctx, t)
	if err == nil {
		err = s.bringBack(ctx, t)
	}
	if err != nil {
		return run.Halt(fmt.Errorf("bringing the data back from %s: %w", s.copy(t), err))
	}
	s.Back = true
	t.Keep()
	s.removeEmptyAside(t)
	t.Point("undo-data")
	return nil
}

// knownData refuses to copy over a directory that is no data of this instance:
// neither a volume of Docker's, nor a directory that its container mounts.
func (s *KeepData) knownData(ctx context.Context, t *run.Tools) error {
	data := s.Data.At(t.Dir)
	if inside, ours := strings.CutPrefix(data, t.Dir+"/"); ours && !strings.HasPrefix(inside, instance.WorkName) {
		return nil
	}
	volumes, err := t.Engine.Volumes(ctx)
	if err != nil {
		return fmt.Errorf("list the volumes: %w", err)
	}
	known := map[string]bool{}
	for _, v := range volumes {
		known[v.Mountpoint] = true
	}
	containers, err := t.Engine.Containers(ctx)
	if err != nil {
		return fmt.Errorf("list the containers: %w", err)
	}
	for _, c := range containers {
		if !stacks.SameFile(stacks.DirOf(c), t.Dir) {
			continue
		}
		for _, m := range c.Mounts {
			if path, err := filepath.EvalSymlinks(stacks.BindSource(m)); err == nil && stacks.BindSource(m) != "" {
				known[path] = true
			}
		}
	}
	if !known[data] {
		return s.unknownData(t)
	}
	return nil
}

// Check refuses names that are paths, and data that is in a directory of the
// work directory's.
func (s *KeepData) Check(string) error {
	if err := checkBases(s.Tree, s.Base); err != nil {
		return err
	}
	if s.Base != instance.Snapshot && s.Base != instance.Replaced || s.Tree == "" {
		return run.Foreign(s.Base, s.Tree)
	}
	return s.Data.check()
}

// FillData puts other data in the place of what is there. KeepData of each tree
// comes before it, and undoes it.
type FillData struct {
	Trees []string `json:"trees"`
	// Filled says that all of it is in its place.
	Filled bool `json:"filled,omitempty"`

	Fill func(ctx context.Context, trees map[string]string) error `json:"-"`
}

func (s *FillData) String() string { return "replace the data in " + strings.Join(s.Trees, ", ") }

// Do replaces the data.
func (s *FillData) Do(ctx context.Context, t *run.Tools) error {
	c, err := newContainer(ctx, t)
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

// Undo is that of KeepData.
func (s *FillData) Undo(context.Context, *run.Tools) error { return nil }

// Check refuses names that are paths.
func (s *FillData) Check(string) error { return checkBases(s.Trees...) }

// dataChanged reports whether the run may have changed data: the new container
// may have begun to run on it, or other data is being put in its place.
func dataChanged(t *run.Tools) bool {
	begun := t.Begun()
	start := run.Find[*StartContainer](begun)
	return start != nil && start.ID == "" || run.Find[*FillData](begun) != nil
}

// halfReplaced reports whether a run ended while it replaced data: a container on
// that has half of the old and half of the new.
func halfReplaced(t *run.Tools) bool {
	fill := run.Find[*FillData](t.Begun())
	return fill != nil && !fill.Filled && dataGoesBack(t)
}

// goingBack are the copies that an undo brings back.
func goingBack(t *run.Tools) []*KeepData {
	return slices.DeleteFunc(run.All[*KeepData](t.Begun()), func(s *KeepData) bool { return !s.goesBack(t) })
}

func dataGoesBack(t *run.Tools) bool { return len(goingBack(t)) > 0 }

// mustNotMigrate reports whether the new release would change data of which there
// is no copy yet.
func mustNotMigrate(t *run.Tools) bool {
	return !dataChanged(t) && slices.ContainsFunc(run.All[*KeepData](t.Steps()), func(s *KeepData) bool { return s.Base == instance.Snapshot })
}
