// Package where judges the directory that backups go to: is it there, on the disk
// that is meant, and on this machine at all.
package where

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// Place is where a backup went.
type Place struct {
	Dir   string `json:"dir"`
	Mount string `json:"mount"` // where the disk was mounted that had it
}

// Of returns a directory with the disk that has it now.
func Of(dir string) *Place { return &Place{Dir: dir, Mount: readMounts().holder(real(dir))} }

// Endings of the names of archives, sealed or not.
var endings = []string{".zst", ".age", ".tar"}

// IsFile reports whether a path that is not there names an archive. Any other is a
// directory that gets one.
func IsFile(path string) bool {
	for _, ending := range endings {
		if strings.HasSuffix(path, ending) {
			return true
		}
	}
	return false
}

// Check refuses a directory for backups that is not on the disk that is meant: that
// of /etc/fstab, or the one that the last backup to it was on.
func Check(dir string, last *Place) error { return readMounts().check(real(dir), dir, last) }

// Make makes a directory for backups, for its owner alone; one that is there is fine.
// What it is to be in must be there: a path with a slip in it would fill another disk.
func Make(dir string) (made bool, err error) {
	err = os.Mkdir(dir, 0o700)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrExist):
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return false, nil
		}
		return false, finding.Named(finding.HostNotReady, "backup-unwritable", "%s is not a directory. Backups cannot go into it", dir).Ending(finding.Unchanged)
	case errors.Is(err, fs.ErrNotExist) && !isThere(filepath.Dir(dir)):
		return false, finding.Named(finding.HostNotReady, "backup-unwritable", "there is no directory %s for %s", filepath.Dir(dir), filepath.Base(dir)).
			With(finding.Shell("Check the path. If it is right", "sudo mkdir -p "+finding.Quoted(dir))).Ending(finding.Unchanged)
	}
	return false, finding.Named(finding.HostNotReady, "backup-unwritable", "making the directory for backups: %w", err).Ending(finding.Unchanged)
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// real is a path less its links, as far as it is there.
func real(path string) string {
	path = filepath.Clean(path)
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	rest := ""
	for dir := path; ; dir = filepath.Dir(dir) {
		if found, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(found, rest)
		}
		if dir == filepath.Dir(dir) {
			return path
		}
		rest = filepath.Join(filepath.Base(dir), rest)
	}
}

// elsewhere is a path as scp and rsync name one on another machine, or the address of
// a store.
var elsewhere = regexp.MustCompile(`^(([a-zA-Z][a-zA-Z0-9+.-]*)://|([^/:\s]+@)?[^/:@\s]+:)`)

// Machine returns the machine, or the store, that a path names in place of a
// directory of this one; "" where it names none. A file that is there is one of ours.
func Machine(path string) string {
	found := elsewhere.FindString(path)
	if found == "" {
		return ""
	}
	if _, err := os.Lstat(path); err == nil {
		return ""
	}
	return strings.TrimSuffix(found, ":")
}
