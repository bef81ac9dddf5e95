// Package tree copies, moves, measures and compares what is below a directory.
package tree

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// AsidePrefix begins the name of a directory inside a data directory that keeps what
// an undo replaced there. It counts as no data: it is not copied, and not removed.
const AsidePrefix = ".openalgo-install-aside-"

// IsAside reports whether an entry of a data directory is what an undo kept.
func IsAside(e fs.DirEntry) bool { return e.IsDir() && strings.HasPrefix(e.Name(), AsidePrefix) }

// Bytes is what the files below a directory hold.
func Bytes(dir string) (int64, error) {
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return 0, errors.Join(err, fmt.Errorf("%s is not a directory", dir))
	}
	var sum int64
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && IsAside(entry) {
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

// Empty removes what is in a directory, but not what an undo kept there.
func Empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if IsAside(e) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// Whether Sums counts the owners.
const (
	WithOwners    = true
	WithoutOwners = false
)

// Sums describes everything below a directory: name, mode, and the SHA-256 of
// what is in it.
func Sums(ctx context.Context, dir string, owners bool) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if IsAside(entry) {
			return fs.SkipDir
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case entry.Type()&fs.ModeSymlink != 0:
			content, err = os.Readlink(path)
		case entry.Type().IsRegular():
			content, err = fileSum(path)
		case !entry.IsDir():
			return nil // a socket or pipe holds no data
		}
		if err != nil {
			return err
		}
		owner, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return errors.New("this machine does not report the owners of files")
		}
		if owners {
			content += fmt.Sprintf(" %d:%d", owner.Uid, owner.Gid)
		}
		out = append(out, fmt.Sprintf("%s %v %s", strings.TrimPrefix(path, dir), info.Mode(), content))
		return nil
	})
	return out, err
}

func fileSum(path string) (string, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
