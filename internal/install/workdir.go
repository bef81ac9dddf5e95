package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// Names inside the instance's directory.
const (
	envName     = ".env"
	answersName = "openalgo-install.yaml"
	workName    = ".openalgo-install"
)

// keptBackups is how many replaced versions of each file are kept.
const keptBackups = 10

// workdir is <dir>/.openalgo-install: lock, journal, state, backups and log.
type workdir struct{ dir string }

func (w workdir) path(name string) string { return filepath.Join(w.dir, workName, name) }
func (w workdir) env() string             { return filepath.Join(w.dir, envName) }

// create makes the directory and its work directory, and says whether the
// instance's directory is new.
func (w workdir) create() (madeDir bool, err error) {
	if _, err := os.Stat(w.dir); errors.Is(err, fs.ErrNotExist) {
		madeDir = true
	}
	if err := os.MkdirAll(w.dir, 0o755); err != nil {
		return false, fmt.Errorf("making the directory: %w", err)
	}
	if err := trusted(w.dir); err != nil { // again: it may have appeared meanwhile
		return false, err
	}
	if err := os.MkdirAll(w.path("backups"), 0o700); err != nil {
		return madeDir, fmt.Errorf("making %s: %w", w.path(""), err)
	}
	return madeDir, os.Chmod(w.path(""), 0o700)
}

// removeIfUnused takes away what create made when nothing was installed.
func (w workdir) removeIfUnused(madeDir bool) {
	for _, name := range []string{"state.json", "../" + envName} {
		if _, err := os.Stat(w.path(name)); err == nil {
			return // somebody's instance, installed before
		}
	}
	for _, name := range []string{"lock", "journal.json"} {
		_ = os.Remove(w.path(name))
	}
	_ = os.Remove(w.path("backups"))
	if _, err := os.Stat(w.env()); errors.Is(err, fs.ErrNotExist) {
		_ = os.Remove(w.path("log"))
	}
	_ = os.Remove(w.path(""))
	if madeDir {
		_ = os.Remove(w.dir)
	}
}

// backup copies a file into backups/ and returns the copy's path, or "" when
// there is no such file. The copy is synced: a roll back relies on it.
func (w workdir) backup(name string, content []byte) (string, error) {
	stamp := time.Now().UTC().Format("20060102T150405.000000000Z")
	target := w.path(filepath.Join("backups", strings.TrimPrefix(name, ".")+"."+stamp))
	if err := host.WriteFile(target, content, 0o600, ""); err != nil {
		return "", fmt.Errorf("keeping a copy of %s: %w", name, err)
	}
	return target, w.prune(name, target)
}

func (w workdir) prune(name, fresh string) error {
	copies, err := w.backups(name)
	if err != nil || len(copies) <= keptBackups {
		return err
	}
	for _, old := range copies[:len(copies)-keptBackups] {
		if info, err := os.Stat(old); old == fresh || err == nil && time.Since(info.ModTime()) < time.Hour {
			continue // an unfinished run may rely on it, whatever the clock says
		}
		if err := os.Remove(old); err != nil {
			return fmt.Errorf("removing an old backup: %w", err)
		}
	}
	return nil
}

// backups lists the kept copies of a file, oldest first.
func (w workdir) backups(name string) ([]string, error) {
	copies, err := filepath.Glob(w.path(filepath.Join("backups", strings.TrimPrefix(name, ".")+".*")))
	if err != nil {
		return nil, fmt.Errorf("listing the backups of %s: %w", name, err)
	}
	slices.Sort(copies)
	return copies, nil
}

// readOptional reads a file; nil when there is none.
func readOptional(path string) ([]byte, error) {
	data, err := readfile.Regular(path, readfile.Config)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
