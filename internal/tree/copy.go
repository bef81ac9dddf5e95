package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/meter"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// treeCopy copies what is below one directory into another. Data belongs to the
// container's user, who may be a person on this machine: no link in either leads
// root out of it, however late it appears. (CopyDir of containerd/continuity, which
// keeps as much, opens every file by its path, follows links that appear meanwhile,
// makes devices, and cannot be cancelled.)
type treeCopy struct {
	from, to *os.Root
	dirs     []string         // as they were met: parents first
	files    []string         // that were written
	linked   map[inode]string // files with several names, by the first one that was met
}

// inode is a file, whatever its names are.
type inode struct{ dev, ino uint64 }

// Copy makes target a copy of source, with owners, modes and times, and
// removes anything else there. target itself stays, since it may be a volume.
func Copy(ctx context.Context, source, target string) error {
	// Before anything is removed: its replacement must exist.
	if info, err := os.Stat(source); err != nil || !info.IsDir() {
		return errors.Join(err, fmt.Errorf("%s is not a directory", source))
	}
	if err := os.MkdirAll(target, 0o700); err != nil {
		return err
	}
	if err := Empty(target); err != nil {
		return err
	}
	from, err := os.OpenRoot(source)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenRoot(target)
	if err != nil {
		return err
	}
	defer to.Close()
	if meter.IsRead(ctx) {
		if bytes, err := Bytes(source); err == nil {
			meter.Expect(ctx, bytes)
		}
	}
	c := &treeCopy{from: from, to: to, linked: map[inode]string{}}
	if err := c.directory(ctx, "."); err != nil {
		return err
	}
	// Last, since what is put into a directory changes its time.
	for i := len(c.dirs) - 1; i >= 0; i-- {
		if err := c.times(c.dirs[i]); err != nil {
			return err
		}
	}
	return errors.Join(c.sync(), host.SyncDir(filepath.Dir(target)))
}

// sync waits until all of the copy is on the disk: a roll back relies on it. Once is
// faster than each by itself. Before Linux 5.8 only the sync of a file says that it
// could not be written; there is nothing left to write then.
func (c *treeCopy) sync() error {
	top, err := c.to.Open(".")
	if err != nil {
		return err
	}
	defer top.Close()
	if err := unix.Syncfs(int(top.Fd())); err != nil {
		return fmt.Errorf("write the copy to the disk: %w", err)
	}
	for _, name := range c.files {
		file, err := c.to.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (c *treeCopy) directory(ctx context.Context, name string) error {
	info, err := c.from.Lstat(name)
	if err != nil {
		return err
	}
	if name != "." {
		if err := c.to.Mkdir(name, 0o700); err != nil {
			return err
		}
	}
	if err := c.give(name, info); err != nil {
		return err
	}
	c.dirs = append(c.dirs, name)
	open, err := c.from.Open(name)
	if err != nil {
		return err
	}
	entries, err := open.ReadDir(-1)
	err = errors.Join(err, c.attributes(name, open), open.Close())
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if IsAside(entry) {
			continue
		}
		if err := c.entry(ctx, filepath.Join(name, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// attributes copies the extended attributes of a directory.
func (c *treeCopy) attributes(name string, from *os.File) error {
	to, err := c.to.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(CopyAttributes(to, from), to.Close())
}

func (c *treeCopy) entry(ctx context.Context, name string) error {
	info, err := c.from.Lstat(name)
	if err != nil {
		return err
	}
	switch {
	case info.IsDir():
		return c.directory(ctx, name)
	case info.Mode()&fs.ModeSymlink != 0:
		link, err := c.from.Readlink(name)
		if err != nil {
			return err
		}
		if err := c.to.Symlink(link, name); err != nil {
			return err
		}
		return c.own(name, info)
	case info.Mode().IsRegular():
		if link, err := c.link(name, info); link || err != nil {
			return err
		}
		if err := c.file(ctx, name); err != nil {
			return err
		}
		c.files = append(c.files, name)
		return errors.Join(c.give(name, info), c.times(name))
	}
	return nil // a socket or pipe holds no data
}

// link gives a file that was copied another name, where the source has one, too.
func (c *treeCopy) link(name string, info fs.FileInfo) (bool, error) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Nlink < 2 {
		return false, nil
	}
	is := inode{uint64(stat.Dev), stat.Ino} //nolint:unconvert // its size is the architecture's
	if first, known := c.linked[is]; known {
		return true, c.to.Link(first, name)
	}
	c.linked[is] = name
	return false, nil
}

// file copies the content.
func (c *treeCopy) file(ctx context.Context, name string) (err error) {
	from, err := c.from.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer from.Close()
	if info, err := from.Stat(); err != nil || !info.Mode().IsRegular() {
		return errors.Join(err, fmt.Errorf("%s: %w", name, readfile.ErrNotRegular))
	}
	to, err := c.to.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return errors.Join(copyContent(ctx, to, from), CopyAttributes(to, from))
}

// give copies owner and mode.
func (c *treeCopy) give(name string, info fs.FileInfo) error {
	if err := c.own(name, info); err != nil {
		return err
	}
	return c.to.Chmod(name, info.Mode()&(fs.ModePerm|fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky))
}

func (c *treeCopy) own(name string, info fs.FileInfo) error {
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("this machine does not report the owners of files")
	}
	return c.to.Lchown(name, int(owner.Uid), int(owner.Gid))
}

func (c *treeCopy) times(name string) error {
	info, err := c.from.Lstat(name)
	if err != nil {
		return err
	}
	return c.to.Chtimes(name, info.ModTime(), info.ModTime())
}
