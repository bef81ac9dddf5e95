package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// snapshot is a copy of the databases as they were before an upgrade: its
// migrations only go forward (docs/openalgo-facts.md 9.3), so nothing else brings
// the former release its data back.
type snapshot struct {
	Data string `json:"data"` // the directory that is copied
	Copy string `json:"copy"`
	// Whole says that the copy is complete; only then may it be brought back.
	Whole bool `json:"whole"`
	// Kept is where an undo moves what it finds in Data, Moved says that it has,
	// and Back that the copy is in its place.
	Kept  string `json:"kept,omitempty"`
	Moved bool   `json:"moved,omitempty"`
	Back  bool   `json:"back,omitempty"`
	// Renaming says that the copy itself is being moved into its place.
	Renaming bool `json:"renaming,omitempty"`
	// Left says that Data is in use, and stays as it is.
	Left bool `json:"left,omitempty"`
}

// dataTree is the tree with the databases.
const dataTree = "db"

// snapshotName is the directory of the last snapshot, kept until the next.
const snapshotName = "snapshot"

// dataPath is where this host finds what the container sees as target, and
// what that is called: the volume, or the directory. Both are "" where nothing
// is mounted there.
func (in *Installer) dataPath(ctx context.Context, c engine.Container, target string) (path, source string, err error) {
	for _, m := range c.Mounts {
		if m.Target != target {
			continue
		}
		if directory := bindSource(m); directory != "" {
			// The engine follows a link, and nothing below does.
			path, err := filepath.EvalSymlinks(directory)
			if err != nil {
				return "", "", fmt.Errorf("looking at %s: %w", directory, err)
			}
			return path, directory, nil
		}
		v, err := in.Engine.Volume(ctx, m.Name)
		if err != nil {
			return "", "", fmt.Errorf("looking at the volume %s: %w", m.Name, err)
		}
		return v.Mountpoint, m.Name, nil
	}
	return "", "", nil
}

// dataDirectory is where this host finds what the container sees as openalgo.DB.
func (in *Installer) dataDirectory(ctx context.Context, c engine.Container) (string, error) {
	path, _, err := in.dataPath(ctx, c, openalgo.DB)
	if err == nil && path == "" {
		err = finding.Errorf(finding.HostNotReady, "%s keeps its databases in no volume, so they would be gone with the container: put the volumes back into %s first", c.Name, compose.FileName)
	}
	return path, err
}

// snapshot copies the databases, while nobody writes them.
func (r *run) snapshot(ctx context.Context) error {
	dir, err := r.in.dataDirectory(ctx, *r.old)
	if err != nil {
		return err
	}
	base := r.in.dir.Work(snapshotName)
	target := filepath.Join(base, dataTree)
	r.journal.Snapshot = &snapshot{Data: dir, Copy: target}
	prepareAside(r.in.dir, r.journal, r.journal.Snapshot)
	if err := r.journal.save(); err != nil {
		return err
	}
	if err := removeWhole(base); err != nil {
		return fmt.Errorf("removing the last copy: %w", err)
	}
	if err := copyTree(ctx, dir, target); err != nil {
		return fmt.Errorf("copying the databases: %w", err)
	}
	if err := r.in.describeCopy(ctx, base, *r.old, map[string]string{dataTree: dir}); err != nil {
		return err
	}
	r.journal.Snapshot.Whole = true
	return r.journal.save()
}

// removeWhole removes a directory so that a kill leaves it whole or not at all.
func removeWhole(dir string) error {
	gone := dir + instance.GoneSuffix
	if err := os.RemoveAll(gone); err != nil {
		return err
	}
	if err := host.Rename(dir, gone); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(gone)
}

// treeBytes is what the files below a directory hold.
func treeBytes(dir string) (int64, error) {
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return 0, errors.Join(err, fmt.Errorf("%s is no directory", dir))
	}
	var sum int64
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && isAside(entry) {
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		sum += info.Size()
		return nil
	})
	return sum, err
}
