package instance

import (
	"errors"
	"io/fs"
	"os"

	"github.com/marketcalls/openalgo-install/internal/host"
)

// Own is an instance's directory for those who change what this program keeps there,
// in the work directory. Only this package writes there; names are those of Dir.Work.
type Own Dir

// tempName is the directory in which new versions of files are written.
const tempName = "tmp"

func (o Own) path(name string) string { return Dir(o).Work(name) }

// Write writes a file: whole or not at all, synced, and readable by its owner alone.
func (o Own) Write(name string, text []byte) error {
	return host.WriteFile(o.path(name), text, 0o600, "")
}

// Remove removes a file, or a directory that is empty, for good; what is not there is
// removed already.
func (o Own) Remove(name string) error { return host.Remove(o.path(name)) }

// RemoveTree removes a directory with all that is in it.
func (o Own) RemoveTree(name string) error { return os.RemoveAll(o.path(name)) }

// RemoveWhole removes a directory so that a kill leaves it whole or not at all.
func (o Own) RemoveWhole(name string) error {
	gone := name + goneSuffix
	if err := o.RemoveTree(gone); err != nil {
		return err
	}
	if err := o.Rename(name, gone); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return o.RemoveTree(gone)
}

// Rename gives a file or directory another name.
func (o Own) Rename(from, to string) error { return host.Rename(o.path(from), o.path(to)) }

// Make makes a directory, for this program alone.
func (o Own) Make(name string) error { return os.MkdirAll(o.path(name), 0o700) }

// Temp makes a file that host.Replace is to put at path, which is outside. What a
// killed run leaves of it is found and removed.
func (o Own) Temp(path string) (*os.File, error) {
	if err := o.Make(tempName); err != nil {
		return nil, err
	}
	return host.CreateTemp(path, o.path(tempName))
}

// Place writes a file that is outside in one step, as Temp does.
func (o Own) Place(path string, text []byte, mode fs.FileMode) error {
	if err := o.Make(tempName); err != nil {
		return err
	}
	return host.WriteFile(path, text, mode, o.path(tempName))
}

// Ahead is where a copy of data is begun that is not needed yet.
const Ahead = tempName + "/ahead"

// ClearTemp removes what Temp and Place left, and what is in Ahead.
func (o Own) ClearTemp() { _ = o.RemoveTree(tempName) }

// PutBack moves a kept copy to path, which is outside, with another mode; 0 is the
// one that it has. That needs no space.
func (o Own) PutBack(kept, path string, mode fs.FileMode) error {
	from := Dir(o).KeptPath(kept)
	if mode != 0 {
		if err := os.Chmod(from, mode); err != nil {
			return err
		}
	}
	return host.Rename(from, path)
}
