package backup

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/userns"
)

// freshFile is a file with secrets that is being written into a directory where
// others may write, too. Everything goes through descriptors: nobody can have
// it opened, or another one taken for it, by a name that was put there.
type freshFile struct {
	*os.File
	dir     *os.File
	name    string // what it is called once it is whole
	partial string // what it is called until then
}

// makeFresh makes the file that is to be at path, readable by its owner alone.
func makeFresh(path string) (*freshFile, error) {
	dir, err := os.OpenFile(filepath.Dir(path), os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	var mark [8]byte
	_, _ = rand.Read(mark[:]) // it never fails
	f := &freshFile{dir: dir, name: filepath.Base(path)}
	f.partial = fmt.Sprintf("%s.%x%s", f.name, mark, partialEnding)
	fd, err := unix.Openat(f.dirfd(), f.partial, unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		_ = dir.Close()
		return nil, &fs.PathError{Op: "open", Path: path + partialEnding, Err: err}
	}
	f.File = os.NewFile(uintptr(fd), path)
	_ = f.Chmod(0o600) // a file system without modes says so, or keeps its own
	return f, nil
}

func (f *freshFile) dirfd() int { return int(f.dir.Fd()) }

// content is a name for the file itself, whatever its directory holds by now.
func (f *freshFile) content() string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }

// private reports whether nobody but this user can read the file. A file
// system without owners and modes (of a USB stick, or a share) keeps nothing
// private.
func (f *freshFile) private() bool {
	var stat unix.Stat_t
	return unix.Fstat(int(f.Fd()), &stat) == nil && int(stat.Uid) == os.Geteuid() && stat.Mode&0o077 == 0
}

// keep gives the whole file its name. It replaces nothing, and checks that
// what has the name now is what was written.
func (f *freshFile) keep() error {
	err := f.Sync()
	if err == nil {
		err = f.rename()
	}
	if err != nil {
		return err
	}
	f.partial = ""
	var own, there unix.Stat_t
	if err := errors.Join(unix.Fstat(int(f.Fd()), &own), unix.Fstatat(f.dirfd(), f.name, &there, unix.AT_SYMLINK_NOFOLLOW)); err != nil {
		return err
	}
	if own.Dev != there.Dev || own.Ino != there.Ino {
		return errors.New("another program put a different file in its place")
	}
	err = f.Close()
	if err := f.dir.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	return err
}

// beside lists the directory that the file is in, whatever its path leads to
// by now.
func (f *freshFile) beside() ([]os.DirEntry, error) {
	if _, err := f.dir.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return f.dir.ReadDir(-1)
}

// removeBeside removes a file of that directory.
func (f *freshFile) removeBeside(name string) error { return unix.Unlinkat(f.dirfd(), name, 0) }

func (f *freshFile) rename() error {
	dir := f.dirfd()
	err := unix.Renameat2(dir, f.partial, dir, f.name, unix.RENAME_NOREPLACE)
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	// On a file system without that call: a link replaces nothing either.
	if err = unix.Linkat(dir, f.partial, dir, f.name, 0); err == nil || errors.Is(err, fs.ErrExist) {
		return errors.Join(err, unix.Unlinkat(dir, f.partial, 0))
	}
	var there unix.Stat_t
	if err := unix.Fstatat(dir, f.name, &there, unix.AT_SYMLINK_NOFOLLOW); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fs.ErrExist)
	}
	return unix.Renameat(dir, f.partial, dir, f.name)
}

// discard ends the work with a file, and removes it unless it was kept.
func (f *freshFile) discard() {
	if f == nil {
		return
	}
	if f.partial != "" {
		_ = f.Close()
		_ = unix.Unlinkat(f.dirfd(), f.partial, 0)
	}
	_ = f.dir.Close()
}

// trusted reports whether a user is root or this one. In a user namespace the kernel
// shows the machine's root, and all others, as nobody.
func trusted(uid int) bool {
	return uid == 0 || uid == os.Geteuid() || uid == userns.Nobody && os.Geteuid() == 0 && !userns.IsRoot()
}

// othersMayWrite names the part of a path where users other than root and this
// one may put something else in the place of what is there; "" when nowhere.
func othersMayWrite(path string) string {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return path
	}
	for at := real; ; at = filepath.Dir(at) {
		var stat unix.Stat_t
		if unix.Lstat(at, &stat) != nil {
			return at
		}
		shared := (stat.Mode&0o002 != 0 || stat.Mode&0o020 != 0 && stat.Gid != 0) && stat.Mode&unix.S_ISVTX == 0
		if shared || !trusted(int(stat.Uid)) {
			return at
		}
		if at == "/" {
			return ""
		}
	}
}
