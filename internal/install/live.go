package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// oldIsLive reports whether the previous container was started again since the
// run ended, and answers: its data is in use, and an undo neither stops it nor
// replaces anything under it. One that was started again and does not answer is
// stopped before anything goes on.
func (in *Installer) oldIsLive(ctx context.Context, j *journal) (bool, error) {
	if j.Old == nil {
		return false, nil
	}
	c, err := in.Engine.Container(ctx, j.Old.ID)
	if errors.Is(err, engine.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("inspect the previous container: %w", err)
	}
	if !j.startedAgain(c) {
		return false, nil
	}
	if isUp(c) && !j.halfReplaced() && in.answers(ctx, c) {
		in.note("the previous container runs and answers, so it stays as it is")
		for _, s := range j.copies() {
			if s.Left = !s.Back; s.Left {
				in.note(fmt.Sprintf("%s is in use and stays as it is. The previous copy is %s", s.Data, s.Copy))
			}
		}
		j.noteUndone()
		return true, nil
	}
	// What it wrote into data that was half brought back is kept, too.
	for _, s := range j.copies() {
		s.Moved = s.Moved && s.Back
	}
	j.Old.Began = c.StartedAt
	j.noteUndone()
	if !isUp(c) {
		return false, nil
	}
	if err := in.Engine.Stop(ctx, c.ID, max(stopGrace, c.StopGrace)); err != nil {
		return false, fmt.Errorf("stopping the previous container, which does not answer: %w", err)
	}
	return false, nil
}

// startedAgain reports whether the previous container was started since the
// run, or an undo of it, saw it last.
func (j *journal) startedAgain(c engine.Container) bool {
	if j.Old.Began.IsZero() { // never started, or an earlier version's journal
		return isUp(c) && (j.started() || !j.Old.Running)
	}
	return !c.StartedAt.Equal(j.Old.Began)
}

// halfReplaced reports whether a restore was interrupted while it replaced the
// data: a container on it has half of the old and half of the new.
func (j *journal) halfReplaced() bool {
	return j.Replaced != nil && !j.did("data") && len(j.copies()) > 0
}

// answers waits until a container is ready, or certainly fails.
func (in *Installer) answers(ctx context.Context, c engine.Container) bool {
	ctx, cancel := in.undoTime(ctx)
	defer cancel()
	check := in.prober().TargetOf(c)
	check.Before = true
	if s, err := in.dir.LoadState(); err == nil {
		check.SetupDone = s.SetupDone
	}
	_, err := in.verify(ctx, check)
	return err == nil
}

// neverStopped reports whether the previous container runs as it did before a
// run that was killed longer ago than its stop would take: the stop was never
// asked for, and this is no time to stop it for nothing.
func (j *journal) neverStopped(c engine.Container, now time.Time) bool {
	return isUp(c) && c.StartedAt.Equal(j.Old.Began) && !j.saved.IsZero() && now.Sub(j.saved) > longestStop
}

// leftInUse reports whether data stays as it is, because a container that the
// user created since runs on it. Where that container does not answer, the user
// has to stop it.
func (in *Installer) leftInUse(ctx context.Context, j *journal, s *snapshot) (bool, error) {
	c, err := in.runsOn(ctx, j, s.Data, "")
	if c == nil || err != nil {
		return false, err
	}
	if j.halfReplaced() || !in.answers(ctx, *c) {
		return false, usesData(*c)
	}
	in.note(fmt.Sprintf("%s runs on %s and answers, so that data stays as it is. The previous copy is %s", c.Name, s.Data, s.Copy))
	return true, nil
}

// dataTaken reports whether another OpenAlgo runs on the databases of c, as one
// that the user created since may: c must not be started beside it. Where it
// does not answer, the user has to stop it.
func (in *Installer) dataTaken(ctx context.Context, j *journal, c engine.Container) (bool, error) {
	other, err := in.beside(ctx, j, c)
	if other == nil || err != nil {
		return false, err
	}
	if !in.answers(ctx, *other) {
		return false, usesData(*other)
	}
	in.note(fmt.Sprintf("%s runs on this data and answers, so it stays as it is, and %s is not started", other.Name, c.Name))
	return true, nil
}

// beside is another OpenAlgo that runs on the databases of c; nil is none.
func (in *Installer) beside(ctx context.Context, j *journal, c engine.Container) (*engine.Container, error) {
	data, _, err := in.dataPath(ctx, c, openalgo.DB)
	if err != nil || data == "" {
		return nil, nil //nolint:nilerr // nobody runs on what is gone, and the start of c says so
	}
	other, err := in.runsOn(ctx, j, data, c.ID)
	if other != nil && !isOpenAlgo(*other) {
		return nil, nil
	}
	return other, err
}

// runsOn is a container that runs on a directory of data, and is neither the
// run's new one nor the one with this ID; nil is none.
func (in *Installer) runsOn(ctx context.Context, j *journal, data, id string) (*engine.Container, error) {
	all, err := in.Engine.Containers(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the containers: %w", err)
	}
	for _, c := range all {
		if c.ID != j.NewID && c.ID != id && isUp(c) && in.mounts(ctx, c, data) {
			return &c, nil
		}
	}
	return nil, nil
}

func usesData(c engine.Container) error {
	return fmt.Errorf("container %s uses this data. Stop it first: docker stop %[1]s", c.Name)
}

// mounts reports whether a container has a directory of this host mounted.
func (in *Installer) mounts(ctx context.Context, c engine.Container, dir string) bool {
	return slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool {
		if !strings.HasPrefix(m.Target, openalgo.Dir+"/") {
			return false
		}
		path, _, err := in.dataPath(ctx, c, m.Target)
		return err == nil && path != "" && sameFile(path, dir)
	})
}

// noteMovedSince notes which of the volumes that data was moved into differ from
// the directories by now: the new container ran on them.
func (in *Installer) noteMovedSince(ctx context.Context, j *journal) {
	if len(j.MovedInto) == 0 || j.NewID == "" || j.Old == nil {
		return
	}
	fresh, err := in.Engine.Container(ctx, j.NewID)
	if err != nil || fresh.StartedAt.Year() < 2000 { // the engine's zero
		return
	}
	old, err := in.Engine.Container(ctx, j.Old.ID)
	if err != nil {
		return
	}
	for target, source := range dataDirectories(old) {
		to, name, err := in.dataPath(ctx, fresh, target)
		if err != nil || !slices.Contains(savedTrees, filepath.Base(target)) || !slices.Contains(j.MovedInto, name) || slices.Contains(j.MovedSince, name) {
			continue
		}
		was, err1 := treeSums(ctx, source, withoutOwners)
		is, err2 := treeSums(ctx, to, withoutOwners)
		if errors.Join(err1, err2) != nil || !slices.Equal(was, is) {
			j.MovedSince = append(j.MovedSince, name)
		}
	}
	j.noteUndone()
}

// removeMovedInto removes the volumes that data was moved into, since the data is
// still in the directories. Data that was written to them since is kept.
func (in *Installer) removeMovedInto(ctx context.Context, j *journal) error {
	for _, name := range j.MovedInto {
		v, err := in.Engine.Volume(ctx, name)
		if errors.Is(err, engine.ErrNotFound) {
			continue
		}
		if err == nil && slices.Contains(j.MovedSince, name) {
			kept := in.dir.Work(filepath.Join(asideName, j.asideStamp(), name))
			if err := in.keepVolume(ctx, v.Mountpoint, kept); err != nil {
				in.note(fmt.Sprintf("the volume %s stays, with data that was written to it since (%v). Check it before you remove it: docker volume rm %[1]s deletes that data", name, err))
				continue
			}
			in.note(fmt.Sprintf("data that was written to the volume %s since is kept in %s", name, kept))
		}
		if err == nil {
			err = in.Engine.RemoveVolume(ctx, name)
		}
		if err != nil && !errors.Is(err, engine.ErrNotFound) {
			return fmt.Errorf("removing the volume %s again: %w", name, err)
		}
	}
	return nil
}

// keepVolume copies what is in a volume, where there is room for it.
func (in *Installer) keepVolume(ctx context.Context, dir, kept string) error {
	bytes, err := treeBytes(dir)
	if err != nil {
		return err
	}
	if disk, err := host.Disk(string(in.dir)); err == nil && disk.FreeMiB < int(bytes>>20)+minDirMiB {
		return fmt.Errorf("%s has no room for a copy", string(in.dir))
	}
	if err := os.MkdirAll(kept, 0o700); err != nil {
		return err
	}
	return copyTree(ctx, dir, kept)
}
