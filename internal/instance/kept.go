package instance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/host"
)

// keptDir has the replaced versions of the instance's files, and keptCopies is
// how many of each stay.
const (
	keptDir    = "backups"
	keptCopies = 10
)

// Keep writes the version of a file that is about to be replaced, and returns
// the copy's path. The copy is synced: a rollback relies on it.
func Keep(d Dir, name string, content []byte) (string, error) {
	stamp := time.Now().UTC().Format("20060102T150405.000000000Z")
	target := d.KeptPath(strings.TrimPrefix(name, ".") + "." + stamp)
	if err := host.WriteFile(target, content, 0o600, ""); err != nil {
		return "", fmt.Errorf("keep a copy of %s: %w", name, err)
	}
	return target, prune(d, name, target)
}

// KeptPath returns the path of a kept copy by its own name; "" is that of all.
func (d Dir) KeptPath(name string) string { return d.Work(filepath.Join(keptDir, name)) }

// Kept lists the kept copies of a file, oldest first.
func Kept(d Dir, name string) ([]string, error) {
	entries, err := os.ReadDir(d.KeptPath("")) // sorted by name, which is by time
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing the backups of %s: %w", name, err)
	}
	var copies []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), strings.TrimPrefix(name, ".")+".") {
			copies = append(copies, d.KeptPath(e.Name()))
		}
	}
	return copies, nil
}

func prune(d Dir, name, fresh string) error {
	copies, err := Kept(d, name)
	if err != nil || len(copies) <= keptCopies {
		return err
	}
	for _, old := range copies[:len(copies)-keptCopies] {
		if info, err := os.Stat(old); old == fresh || err == nil && time.Since(info.ModTime()) < time.Hour {
			continue // an unfinished run may rely on it, whatever the clock says
		}
		if err := os.Remove(old); err != nil {
			return fmt.Errorf("removing an old backup: %w", err)
		}
	}
	return nil
}
