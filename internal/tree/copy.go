package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// treeCopy copies what is below one directory into another. Data belongs to the
// container's user, who may be a person on this host: no link in either leads
// root out of it, however late it appears.
type treeCopy struct {
	from, to *os.Root
	dirs     []string // as they were met: parents first
}

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
	c := &treeCopy{from: from, to: to}
	if err := c.directory(ctx, "."); err != nil {
		return err
	}
	// Last, since what is put into a directory changes its time.
	for i := len(c.dirs) - 1; i >= 0; i-- {
		if err := errors.Join(c.times(c.dirs[i]), c.sync(c.dirs[i])); err != nil {
			return err
		}
	}
	return host.SyncDir(filepath.Dir(target))
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
	_ = open.Close()
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
		if err := c.file(name); err != nil {
			return err
		}
		return errors.Join(c.give(name, info), c.times(name))
	}
	return nil // a socket or pipe holds no data
}

// file copies the content and syncs: a roll back relies on it.
func (c *treeCopy) file(name string) (err error) {
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
	if _, err := io.Copy(to, from); err != nil {
		return err
	}
	return to.Sync()
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
		return errors.New("this system does not report the owners of files")
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

func (c *treeCopy) sync(name string) error {
	dir, err := c.to.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
