package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
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
		return false, fmt.Errorf("looking at the previous container: %w", err)
	}
	if !j.startedAgain(c) {
		return false, nil
	}
	if isUp(c) && !j.halfReplaced() && in.answers(ctx, c) {
		in.note("the previous container runs and answers: it is left as it is")
		for _, s := range j.copies() {
			if s.Left = !s.Back; s.Left {
				in.note(fmt.Sprintf("%s is in use and stays as it is; the copy from before is %s", s.Data, s.Copy))
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

// halfReplaced reports whether a restore was ended while it replaced the data:
// what runs on that runs on the half of two.
func (j *journal) halfReplaced() bool {
	return j.Replaced != nil && !j.did("data") && len(j.copies()) > 0
}

// answers waits until a container is ready, or will not be.
func (in *Installer) answers(ctx context.Context, c engine.Container) bool {
	ctx, cancel := in.undoTime(ctx)
	defer cancel()
	check := checkOfContainer(in.Engine, c)
	check.before = true
	if s, err := in.work.readState(); err == nil {
		check.setupDone = s.SetupDone
	}
	return in.verify(ctx, check) == nil
}

// leftInUse reports whether data stays as it is, because a container that the
// user made since runs on it. Where that one does not answer, it is for the
// user to stop it.
func (in *Installer) leftInUse(ctx context.Context, j *journal, s *snapshot) (bool, error) {
	all, err := in.Engine.Containers(ctx)
	if err != nil {
		return false, fmt.Errorf("looking at the containers: %w", err)
	}
	for _, c := range all {
		if c.ID == j.NewID || !isUp(c) || !in.mounts(ctx, c, s.Data) {
			continue
		}
		if !j.halfReplaced() && in.answers(ctx, c) {
			in.note(fmt.Sprintf("%s runs on %s and answers, so that data stays as it is; the copy from before is %s", c.Name, s.Data, s.Copy))
			return true, nil
		}
		return false, fmt.Errorf("%s runs on it: stop that container first (docker stop %[1]s)", c.Name)
	}
	return false, nil
}

// mounts reports whether a container has a directory of this host mounted.
func (in *Installer) mounts(ctx context.Context, c engine.Container, dir string) bool {
	return slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool {
		if !strings.HasPrefix(m.Target, "/app/") {
			return false
		}
		path, _, err := in.dataPath(ctx, c, m.Target)
		return err == nil && path != "" && sameFile(path, dir)
	})
}

// noteMovedSince notes which volumes, that data was moved into, hold something
// else than the directories by now: the new container ran on them.
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
		was, err1 := treeSums(ctx, source)
		is, err2 := treeSums(ctx, to)
		if errors.Join(err1, err2) != nil || !slices.Equal(was, is) {
			j.MovedSince = append(j.MovedSince, name)
		}
	}
	j.noteUndone()
}

// removeMovedInto removes the volumes that data was moved into: it is still in
// the directories. What came into them since is kept.
func (in *Installer) removeMovedInto(ctx context.Context, j *journal) error {
	for _, name := range j.MovedInto {
		v, err := in.Engine.Volume(ctx, name)
		if errors.Is(err, engine.ErrNotFound) {
			continue
		}
		if err == nil && slices.Contains(j.MovedSince, name) {
			kept := in.work.path(filepath.Join(asideName, j.asideStamp(), name))
			if err := in.keepVolume(ctx, v.Mountpoint, kept); err != nil {
				in.note(fmt.Sprintf("the volume %s stays, with what came into it since (%v): look into it, and remove it if it is not needed (docker volume rm %[1]s)", name, err))
				continue
			}
			in.note(fmt.Sprintf("what came into the volume %s since is kept in %s", name, kept))
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
	if disk, err := host.Disk(in.work.dir); err == nil && disk.FreeMiB < int(bytes>>20)+minDirMiB {
		return fmt.Errorf("%s has no room for it", in.work.dir)
	}
	if err := os.MkdirAll(kept, 0o700); err != nil {
		return err
	}
	return copyTree(ctx, dir, kept)
}
