package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/shirou/gopsutil/v3/disk"
	"golang.org/x/sys/unix"
)

// DiskFacts is the room on one file system.
type DiskFacts struct {
	// Path is the directory that was looked at: the one asked for, or its
	// nearest parent that exists.
	Path string
	// FreeMiB is what a user who is not root may still fill.
	FreeMiB, TotalMiB int
	// FreeInodes is the number of files that may still be made, -1 where the
	// file system sets no such limit (btrfs).
	FreeInodes int
}

// Disk measures the file system that path is on, or would be on.
func Disk(path string) (DiskFacts, error) {
	dir, err := nearest(path)
	if err != nil {
		return DiskFacts{}, err
	}
	usage, err := disk.Usage(dir)
	if err != nil {
		return DiskFacts{}, fmt.Errorf("measure the free space at %s: %w", dir, err)
	}
	d := DiskFacts{
		Path:       dir,
		FreeMiB:    int(usage.Free / mib),
		TotalMiB:   int(usage.Total / mib),
		FreeInodes: -1,
	}
	if usage.InodesTotal > 0 {
		d.FreeInodes = int(usage.InodesFree)
	}
	return d, nil
}

// DirWritable says why the directory at path, or its nearest existing parent
// when it is still to be made, cannot be written; nil when it can. It writes
// nothing to find out. The error wraps fs.ErrPermission or unix.EROFS where
// that is the cause.
func DirWritable(path string) error {
	dir, err := nearest(path)
	if err != nil {
		return err
	}
	err = unix.Faccessat(unix.AT_FDCWD, dir, unix.W_OK|unix.X_OK, unix.AT_EACCESS)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EROFS):
		return fmt.Errorf("%s is on a read-only file system: %w. Choose another directory with --dir, or mount the file system writable", dir, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this user cannot write to %s: %w. Run the same command with sudo, or choose your own directory with --dir", dir, err)
	}
	return fmt.Errorf("cannot write to %s: %w. Choose another directory with --dir", dir, err)
}

// nearest is path itself or the nearest parent that exists; it must be a
// directory.
func nearest(path string) (string, error) {
	dir, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", path, err)
	}
	for {
		info, err := os.Stat(dir)
		switch {
		case err == nil && info.IsDir():
			return dir, nil
		case err == nil:
			return "", fmt.Errorf("%s is a file, not a directory. Choose another directory with --dir", dir)
		case errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR):
			dir = filepath.Dir(dir)
		default:
			return "", fmt.Errorf("look at %s: %w. Run the same command with sudo, or choose another directory with --dir", dir, err)
		}
	}
}
