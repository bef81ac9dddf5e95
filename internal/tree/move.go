package tree

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/host"
)

// MoveAside renames one file or directory into the first directory that can
// take it. What is there already, from an undo that was killed, stays.
func MoveAside(path string, places ...string) (to string, err error) {
	for _, dir := range places {
		for n := 1; n < 100; n++ {
			to = filepath.Join(numbered(dir, n), filepath.Base(path))
			if err = os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
				break
			}
			if _, err = os.Lstat(to); err == nil {
				continue
			}
			if err = os.Rename(path, to); err != nil {
				break
			}
			return to, host.SyncDir(filepath.Dir(to))
		}
	}
	return "", fmt.Errorf("move %s aside: %w", path, err)
}

func numbered(dir string, n int) string {
	if n == 1 {
		return dir
	}
	return fmt.Sprintf("%s.%d", dir, n)
}

// Move renames what is in source into target, and what has the same name
// there into the first of the other places.
func Move(source, target string, places ...string) error {
	entries, err := os.ReadDir(source)
	if err != nil {
		return err
	}
	for _, e := range entries {
		to := filepath.Join(target, e.Name())
		if _, err := os.Lstat(to); err == nil {
			if _, err := MoveAside(to, places...); err != nil {
				return err
			}
		}
		if err := os.Rename(filepath.Join(source, e.Name()), to); err != nil {
			return err
		}
	}
	return errors.Join(host.SyncDir(target), host.SyncDir(source))
}
