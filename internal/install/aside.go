package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// asideName is the directory that keeps the data which an undo replaced. No data
// is ever copied over other data: the present data is renamed, which needs no
// room. That of the last undo is kept.
const asideName = "aside"

// asideBeside begins the name of that directory where the data is on another
// file system: beside the data's directory (a volume has a directory around its
// own), or inside, where the data has a file system to itself.
const asideBeside = ".openalgo-install-aside-"

// isAside reports whether an entry of a data directory is what an undo kept.
func isAside(e fs.DirEntry) bool { return e.IsDir() && strings.HasPrefix(e.Name(), asideBeside) }

// asideStamp names what the undo of one run keeps.
func (j *journal) asideStamp() string { return j.Started.UTC().Format(asideForm) }

const asideForm = "20060102T150405.000000000Z"

// prepareAside makes the directory while there is room for it: the disk may be
// full when it is needed.
func prepareAside(w instance.Dir, j *journal, s *snapshot) {
	kept := w.Work(filepath.Join(asideName, j.asideStamp(), filepath.Base(s.Copy)))
	if os.MkdirAll(kept, 0o700) == nil {
		s.Kept = kept
	}
}

// removeEmptyAside removes what prepareAside made and nothing was moved into.
func removeEmptyAside(w instance.Dir, j *journal) {
	for _, s := range append(j.Replaced, snapshotOf(j)...) {
		_ = os.Remove(s.Kept) // not empty: it stays
	}
	_ = os.Remove(w.Work(filepath.Join(asideName, j.asideStamp())))
	_ = os.Remove(w.Work(asideName))
}

func snapshotOf(j *journal) []snapshot {
	if j.Snapshot == nil {
		return nil
	}
	return []snapshot{*j.Snapshot}
}

// restoreData brings the copies of the data back. The container that may have
// changed the data is gone by now. No copy is brought back twice: a container may
// have run on it since.
func (in *Installer) restoreData(ctx context.Context, j *journal) error {
	// Without a limit: half of the data is worth nothing.
	ctx = context.WithoutCancel(ctx)
	for _, s := range j.copies() {
		if s.Back {
			continue
		}
		err := in.recreateVolume(ctx, j, s)
		left := false
		if err == nil {
			left, err = in.leftInUse(ctx, j, s)
		}
		if err == nil && !left {
			err = in.knownData(ctx, s)
		}
		if err == nil && !left {
			err = in.bringBack(ctx, j, s)
		}
		if err != nil {
			return fmt.Errorf("bringing the data back from %s: %w", s.Copy, err)
		}
		s.Back, s.Left = !left, left
		j.noteUndone()
	}
	return nil
}

// bringBack moves what is in the data's place aside, and puts the copy there.
func (in *Installer) bringBack(ctx context.Context, j *journal, s *snapshot) error {
	if info, err := os.Stat(s.Copy); err != nil || !info.IsDir() {
		return errors.Join(err, fmt.Errorf("%s is not a directory", s.Copy))
	}
	if s.Renaming {
		return moveTree(s.Copy, s.Data, j.asidePlaces(s)...)
	}
	if !s.Moved {
		if err := in.moveDataAside(j, s); err != nil {
			return err
		}
	}
	failpoint("undo-moved")
	err := copyTree(ctx, s.Copy, s.Data)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		in.note("there is no room for a copy, so the kept data itself is moved back")
		err = in.renameBack(j, s)
	}
	return err
}

// renameBack puts the copy itself into the data's place, which needs no room.
// Half of a copy in the data's place is removed first. The rename is journaled
// before it begins, since no copy is left afterwards to begin again from.
func (in *Installer) renameBack(j *journal, s *snapshot) error {
	if err := emptyDirectory(s.Data); err != nil {
		return err
	}
	s.Renaming = true
	if err := j.save(); err != nil {
		return err
	}
	return moveTree(s.Copy, s.Data, j.asidePlaces(s)...)
}

// asidePlaces are the directories that can take what is aside, best first.
func (j *journal) asidePlaces(s *snapshot) []string {
	name := filepath.Join(asideOf(s)+j.asideStamp(), filepath.Base(s.Copy))
	return []string{s.Kept, filepath.Join(filepath.Dir(s.Data), name), filepath.Join(s.Data, name)}
}

// asideOf begins the names of such directories for one data directory, since
// several may be beside each other.
func asideOf(s *snapshot) string { return asideBeside + filepath.Base(s.Data) + "-" }

// moveDataAside renames everything in the data's place into one of asidePlaces.
func (in *Installer) moveDataAside(j *journal, s *snapshot) error {
	entries, err := os.ReadDir(s.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.Kept == "" {
		prepareAside(in.dir, j, s)
	}
	moved := ""
	for _, e := range entries {
		if isAside(e) {
			continue
		}
		to, err := moveEntryAside(filepath.Join(s.Data, e.Name()), j.asidePlaces(s)...)
		if err != nil {
			return fmt.Errorf("keeping what is in %s: %w", s.Data, err)
		}
		moved = filepath.Dir(to)
		failpoint("undo-moving")
	}
	s.Moved = true
	if moved == "" {
		return nil
	}
	in.pruneAside(j, s)
	in.note("the replaced data is kept in " + moved)
	j.noteUndone()
	return host.SyncDir(s.Data)
}

// moveEntryAside renames one file or directory into the first directory that
// can take it. What is there already, from an undo that was killed, stays.
func moveEntryAside(path string, places ...string) (to string, err error) {
	for _, dir := range places {
		for n := 1; dir != "" && n < 100; n++ {
			to = filepath.Join(numbered(dir, n), filepath.Base(path))
			if err = os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
				break
			}
			if _, err = os.Lstat(to); err == nil {
				continue
			}
			if err = os.Rename(path, to); err != nil {
				break
			}
			return to, host.SyncDir(filepath.Dir(to))
		}
	}
	return "", fmt.Errorf("move %s aside: %w", path, err)
}

func numbered(dir string, n int) string {
	if n == 1 {
		return dir
	}
	return fmt.Sprintf("%s.%d", dir, n)
}

// pruneAside removes what earlier undos kept of the same data, but not what
// this one did.
func (in *Installer) pruneAside(j *journal, s *snapshot) {
	for dir, prefix := range map[string]string{in.dir.Work(asideName): "", filepath.Dir(s.Data): asideOf(s), s.Data: asideOf(s)} {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			stamp, isOurs := strings.CutPrefix(e.Name(), prefix)
			if _, err := time.Parse(asideForm, stamp); !isOurs || err != nil || strings.HasPrefix(stamp, j.asideStamp()) {
				continue
			}
			_ = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}

// moveTree renames what is in source into target, and what has the same name
// there into the first of the other places.
func moveTree(source, target string, places ...string) error {
	entries, err := os.ReadDir(source)
	if err != nil {
		return err
	}
	for _, e := range entries {
		to := filepath.Join(target, e.Name())
		if _, err := os.Lstat(to); err == nil {
			if _, err := moveEntryAside(to, places...); err != nil {
				return err
			}
		}
		if err := os.Rename(filepath.Join(source, e.Name()), to); err != nil {
			return err
		}
	}
	return errors.Join(host.SyncDir(target), host.SyncDir(source))
}
