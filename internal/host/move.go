package host

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// MoveFile moves a file or a link, to another disk too, with owner, mode and
// time. What is not there is moved already.
func MoveFile(from, to string) error {
	info, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_ = os.Remove(to)
	if err := copyEntry(from, to, info); err != nil {
		return err
	}
	return os.Remove(from)
}

// copyEntry copies one file or link, as it is.
func copyEntry(source, target string, info fs.FileInfo) error {
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("this machine does not report the owners of files")
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		link, err := os.Readlink(source)
		if err != nil {
			return err
		}
		if err := os.Symlink(link, target); err != nil {
			return err
		}
		return os.Lchown(target, int(owner.Uid), int(owner.Gid))
	case info.Mode().IsRegular():
		if err := CopyFile(source, target); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%s is neither a file nor a link", source)
	}
	if err := os.Lchown(target, int(owner.Uid), int(owner.Gid)); err != nil {
		return err
	}
	if err := os.Chmod(target, info.Mode()&(fs.ModePerm|fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky)); err != nil {
		return err
	}
	return os.Chtimes(target, info.ModTime(), info.ModTime())
}

// CopyFile copies a regular file and syncs the copy, whose mode is 0600. No link is
// followed.
func CopyFile(source, target string) (err error) {
	from, err := os.OpenFile(source, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(target, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if _, err := io.Copy(to, from); err != nil {
		return err
	}
	return to.Sync()
}
