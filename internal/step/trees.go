package step

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

// TreeBytes is what the files below a directory hold.
func TreeBytes(dir string) (int64, error) {
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

// emptyDirectory removes what is in a directory, but not what an undo kept there.
func emptyDirectory(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if isAside(e) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// Whether treeSums counts the owners.
const (
	withOwners    = true
	withoutOwners = false
)

// treeSums describes everything below a directory: name, mode, and the SHA-256 of
// what is in it.
func treeSums(ctx context.Context, dir string, owners bool) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if isAside(entry) {
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
			return errors.New("this system does not report the owners of files")
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
