// Package instance is the directory of one OpenAlgo: its names, lock, state, log
// and kept copies.
package instance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Names inside an instance's directory.
const (
	EnvName     = ".env"
	AnswersName = "openalgo-install.yaml"
	WorkName    = ".openalgo-install"
)

// Directories of the work directory that hold copies of data.
const (
	Snapshot = "snapshot" // of the last upgrade, until the next
	Replaced = "replaced" // what a restore replaced, until the next
)

// Refusals is the file of the work directory that keeps when a certificate
// authority refused a certificate.
const Refusals = "refusals"

// Dir is an instance's directory: absolute, links resolved.
type Dir string

// Open returns the directory dir as an instance's, which need not exist yet. For
// root it refuses one that another user can change.
func Open(dir string) (Dir, error) {
	abs, err := Abs(dir)
	if err != nil {
		return "", err
	}
	return Dir(abs), Trusted(dir)
}

// Abs returns the one name that a directory has here: absolute, links resolved.
// Docker resolves links in mounts, so the same directory must have one name,
// before it exists and after.
func Abs(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("finding the directory %s: %w", dir, err)
	}
	rest := ""
	for parent := abs; ; parent = filepath.Dir(parent) {
		if real, err := filepath.EvalSymlinks(parent); err == nil {
			return filepath.Join(real, rest), nil
		}
		if parent == filepath.Dir(parent) {
			return abs, nil
		}
		rest = filepath.Join(filepath.Base(parent), rest)
	}
}

// Path returns the path of a file in the directory.
//
//go:noinline
func (d Dir) Path(name string) string { return filepath.Join(string(d), name) }

// Env returns the path of .env.
func (d Dir) Env() string { return d.Path(EnvName) }

// Work returns the path of what this program keeps under a name: lock, journal,
// state, log and kept copies.
//
//go:noinline
func (d Dir) Work(name string) string { return filepath.Join(string(d), WorkName, name) }

// Holds reports whether a path is one below the work directory.
func (d Dir) Holds(path string) bool {
	return filepath.IsAbs(path) && filepath.Clean(path) == path && strings.HasPrefix(path, d.Work("")+"/")
}

// Create makes the directory and its work directory, and reports whether the
// instance's directory is new.
func (d Dir) Create() (made bool, err error) {
	if _, err := os.Stat(string(d)); errors.Is(err, fs.ErrNotExist) {
		made = true
	}
	if err := os.MkdirAll(string(d), 0o755); err != nil {
		return false, fmt.Errorf("making the directory: %w", err)
	}
	if err := Trusted(string(d)); err != nil { // again: it may have appeared meanwhile
		return false, err
	}
	if err := os.MkdirAll(d.Work(keptDir), 0o700); err != nil {
		return made, fmt.Errorf("making %s: %w", d.Work(""), err)
	}
	return made, os.Chmod(d.Work(""), 0o700)
}

// RemoveIfUnused removes what Create made, when nothing was installed.
func RemoveIfUnused(d Dir, made bool) {
	for _, path := range []string{d.Work(stateName), d.Env()} {
		if _, err := os.Stat(path); err == nil {
			return // somebody's instance, installed before
		}
	}
	for _, name := range []string{lockName, JournalName, keptDir, logName} {
		_ = os.Remove(d.Work(name)) // the kept copies stay where there are any
	}
	_ = os.Remove(d.Work(""))
	if made {
		_ = os.Remove(string(d))
	}
}

// Clear deletes what the work directory has, but for what a run under way uses: the
// lock, the journal, and the log, which becomes empty. Others may watch those.
func Clear(d Dir) error {
	entries, err := os.ReadDir(d.Work(""))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if name := e.Name(); err == nil && name != lockName && name != JournalName && name != logName {
			err = os.RemoveAll(d.Work(name))
		}
	}
	if err != nil {
		return err
	}
	if err := os.Truncate(d.Work(logName), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.MkdirAll(d.Work(keptDir), 0o700) // the next command may go on here
}
