package host

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// tempEnding ends the name of a file that is being written. With the leading
// dot no program that reads a directory of configuration takes it for one.
const tempEnding = ".writing"

// WriteFile puts a file at path in one step: whatever ends this process or the
// power, the file is whole, old or new. It replaces a link, and follows none.
// The temporary file is made in temp, which is on path's own file system; ""
// is path's directory.
func WriteFile(path string, data []byte, mode fs.FileMode, temp string) error {
	file, err := CreateTemp(path, temp)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err := errors.Join(err, file.Chmod(mode)); err != nil {
		Discard(file)
		return err
	}
	return Replace(file, path)
}

// CreateTemp makes a file, readable by its owner alone, that Replace is to put
// at path, or Discard to remove. Its directory is as in WriteFile.
func CreateTemp(path, temp string) (*os.File, error) {
	return os.CreateTemp(cmp.Or(temp, filepath.Dir(path)), "."+filepath.Base(path)+"-*"+tempEnding)
}

// Replace closes a file of CreateTemp and puts it at path. It removes the file
// when that fails.
func Replace(file *os.File, path string) error {
	err := errors.Join(file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// Discard closes and removes a file of CreateTemp.
func Discard(file *os.File) {
	_ = file.Close()
	_ = os.Remove(file.Name())
}

// IsTemp reports whether name is of a file that CreateTemp made.
func IsTemp(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, tempEnding)
}

// Rename renames a file or directory so that the new name survives a power cut.
func Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if filepath.Dir(from) != filepath.Dir(to) {
		// The new name first: between the two there are both, never none.
		if err := SyncDir(filepath.Dir(to)); err != nil {
			return err
		}
	}
	return SyncDir(filepath.Dir(from))
}

// Remove removes a file for good; one that is not there is removed already.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := SyncDir(filepath.Dir(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// SyncDir makes the names in a directory survive a power cut.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		return nil // a file system that syncs no directories
	}
	return err
}
