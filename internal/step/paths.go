package step

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// Path is a path in the journal: relative to the instance's directory where it is
// below that, so that it is still right after the directory was moved.
type Path string

// In is a path of an instance in dir.
func In(dir, path string) Path {
	if rest, ok := strings.CutPrefix(path, dir+"/"); ok {
		return Path(rest)
	}
	return Path(path)
}

// At is the absolute path for an instance in dir.
func (p Path) At(dir string) string {
	if p == "" || filepath.IsAbs(string(p)) {
		return string(p)
	}
	return filepath.Join(dir, string(p))
}

// check refuses a path that leads out of the instance's directory, or is not
// written as this program writes paths.
func (p Path) check() error {
	if p == "" || isCleanAbs(string(p)) || filepath.IsLocal(string(p)) && filepath.Clean(string(p)) == string(p) {
		return nil
	}
	return run.Foreign(string(p))
}

// checkBases refuses names that are paths.
func checkBases(names ...string) error {
	for _, name := range names {
		if name != "" && !isBase(name) {
			return run.Foreign(name)
		}
	}
	return nil
}

func isBase(name string) bool {
	return name == filepath.Base(name) && filepath.IsLocal(name) && name != "."
}

func isCleanAbs(path string) bool {
	return filepath.IsAbs(path) && filepath.Clean(path) == path && path != "/"
}

// checkSystem refuses a path of a directory of the system's.
func (p Path) checkSystem() error {
	if filepath.IsAbs(string(p)) && inSystem(string(p)) {
		return run.Foreign(string(p))
	}
	return p.check()
}

// checkSite refuses a file that no HTTPS proxy has: it has a directory of its own,
// or is nginx's.
func (p Path) checkSite() error {
	path := string(p)
	below := func(dir string) bool { return strings.HasPrefix(path, dir+"/") }
	if below("/etc/nginx") || below("/usr/local/etc/nginx") || below("/usr/local/nginx") {
		return p.check()
	}
	return p.checkSystem()
}

// inSystem reports whether a path is in a directory of the system's, where this
// program changes nothing.
func inSystem(path string) bool {
	return slices.ContainsFunc([]string{"/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root/.ssh", "/run", "/sbin", "/sys", "/usr", "/var/spool"},
		func(dir string) bool { return strings.HasPrefix(path+"/", dir+"/") })
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func isFile(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular()
}

// Sum is the SHA-256 of a text, as the journal has it.
func Sum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// readOptional reads a file; nil when there is none.
func readOptional(path string) ([]byte, error) {
	text, err := readfile.Regular(path, readfile.Config)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}
