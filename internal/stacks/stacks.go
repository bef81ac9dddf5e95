// Package stacks says what a container is: whether it is an OpenAlgo, of which
// directory, and whether it runs.
package stacks

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/compose"
	engine "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// LabelCopy marks the container of a test restore with the instance's directory. It is
// no instance, and gone in some minutes.
const LabelCopy = "io.openalgo.install.copy"

// IsOpenAlgo recognises a stack by what it is, not by its name: OpenAlgo's data
// directory is mounted, and Compose's service label or OpenAlgo's .env is there.
func IsOpenAlgo(c engine.Container) bool {
	if c.Labels[LabelCopy] != "" {
		return false
	}
	data, env := false, false
	for _, m := range c.Mounts {
		data = data || m.Target == openalgo.DB
		env = env || m.Target == openalgo.Env
	}
	return data && (env || c.Labels[compose.LabelService] == compose.Service) && c.Labels["com.docker.compose.oneoff"] != "True"
}

// NameOf is the stack's name: its Compose project, or the container where
// there is none.
func NameOf(c engine.Container) string {
	if project := c.Labels[compose.LabelProject]; project != "" {
		return project
	}
	return c.Name
}

// DirOf is the directory of the stack that a container belongs to: Compose's,
// or the one of the .env that it mounts.
func DirOf(c engine.Container) string {
	if dir := c.Labels[compose.LabelWorkingDir]; dir != "" {
		return dir
	}
	if source := EnvSource(c); source != "" {
		return filepath.Dir(source)
	}
	return ""
}

// IsUp reports whether a container runs, or would again in a moment: it has
// its ports, or is about to. A frozen one has them, and its data.
//
//go:noinline
func IsUp(c engine.Container) bool {
	return c.State == "running" || c.State == "restarting" || IsFrozen(c)
}

// IsFrozen reports whether a container's processes are halted, for a backup or by
// `docker pause`.
func IsFrozen(c engine.Container) bool { return c.State == "paused" }

// HasEnv reports whether a directory has a .env.
func HasEnv(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, instance.EnvName))
	return dir != "" && err == nil
}

// SameFile reports whether two paths lead to one file.
func SameFile(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// Whose says how a container belongs to the instance in a directory.
type Whose int

// Whose a container is.
const (
	Anothers Whose = iota // it runs with the .env of another directory
	Own                   // it runs with the .env of this directory
	Orphan                // the .env that it was created with is no longer there
)

// WhoseIs decides by the file that is mounted as OpenAlgo's .env, since the keys
// in it belong to the container's data. A project's name proves nothing: two
// directories may have it. local says that Docker's paths are this machine's.
func WhoseIs(c engine.Container, dir string, local bool) Whose {
	working, env := c.Labels[compose.LabelWorkingDir], EnvSource(c)
	if !local || env == "" {
		switch {
		case working == "" && env != "" && filepath.Dir(env) != filepath.Clean(dir):
			return Anothers
		case working != "" && !SameFile(working, dir) && HasEnv(working):
			return Anothers
		case working != "" && !SameFile(working, dir) && local:
			return Orphan
		}
		return Own
	}
	switch {
	case IsEnvOf(env, dir):
		return Own
	case !IsGone(env):
		return Anothers
	case working != "" && !SameFile(working, dir) && HasEnv(working):
		return Anothers
	}
	return Orphan
}

// IsEnvOf reports whether a path is the .env of a directory, which need not be
// there.
func IsEnvOf(path, dir string) bool {
	return SameFile(path, filepath.Join(dir, instance.EnvName)) ||
		filepath.Base(path) == instance.EnvName && SameFile(filepath.Dir(path), dir)
}

// EnvSource is the file of the host that a container has as OpenAlgo's .env; ""
// when it has none.
func EnvSource(c engine.Container) string {
	for _, m := range c.Mounts {
		if m.Target == openalgo.Env {
			return m.Source
		}
	}
	return ""
}

// IsGone reports whether there is nothing at a path.
func IsGone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// BindSource is the path on this machine that a mount binds; "" for any other mount.
func BindSource(m engine.Mount) string {
	if m.Type == "bind" {
		return m.Source
	}
	return ""
}
