package run

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/instance"
)

// Path is a path in the journal: relative to the instance's directory where it is
// below that, so that it is still right after the directory was moved.
type Path string

// In is a path of an instance in dir.
//
//go:noinline
func In(dir instance.Dir, path string) Path {
	if rest, ok := strings.CutPrefix(path, string(dir)+"/"); ok {
		return Path(rest)
	}
	return Path(path)
}

// At is the absolute path for an instance in dir.
func (p Path) At(dir instance.Dir) string {
	if p == "" || filepath.IsAbs(string(p)) {
		return string(p)
	}
	return dir.Path(string(p))
}

// Check refuses a path that leads out of the instance's directory, or is not
// written as this program writes paths.
func (p Path) Check() error {
	if p == "" || IsCleanAbs(string(p)) || filepath.IsLocal(string(p)) && filepath.Clean(string(p)) == string(p) {
		return nil
	}
	return Foreign(string(p))
}

// CheckName refuses a name that is a path, and one that is empty: below a directory
// that is the directory itself.
func CheckName(name string) error {
	if name == "" {
		return Foreign("a step without a name")
	}
	return CheckNames(name)
}

// CheckNames refuses names that are paths.
func CheckNames(names ...string) error {
	for _, name := range names {
		if name != "" && !isBase(name) {
			return Foreign(name)
		}
	}
	return nil
}

func isBase(name string) bool {
	return name == filepath.Base(name) && filepath.IsLocal(name) && name != "."
}

// IsCleanAbs reports whether a path is absolute and written as this program writes
// paths.
func IsCleanAbs(path string) bool {
	return filepath.IsAbs(path) && filepath.Clean(path) == path && path != "/"
}

// CheckSystem refuses a path of a directory of the system's.
func (p Path) CheckSystem() error {
	if filepath.IsAbs(string(p)) && inSystem(string(p)) {
		return Foreign(string(p))
	}
	return p.Check()
}

// inSystem reports whether a path is in a directory of the system's, where this
// program changes nothing.
func inSystem(path string) bool {
	return slices.ContainsFunc([]string{"/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root/.ssh", "/run", "/sbin", "/sys", "/usr", "/var/spool"},
		func(dir string) bool { return strings.HasPrefix(path+"/", dir+"/") })
}
