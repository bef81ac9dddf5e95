package install

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// whose says how a container belongs to the instance in a directory.
type whose int

const (
	anothers whose = iota // it runs with the .env of another directory
	own                   // it runs with the .env of this directory
	orphan                // the .env that it was created with is no longer there
)

// whoseIs decides by the file that is mounted as OpenAlgo's .env, since the keys
// in it belong to the container's data. A project's name proves nothing: two
// directories may have it. local says that the engine's paths are this machine's.
func whoseIs(c engine.Container, dir string, local bool) whose {
	working, env := c.Labels[compose.LabelWorkingDir], envSource(c)
	if !local || env == "" {
		switch {
		case working == "" && env != "" && filepath.Dir(env) != filepath.Clean(dir):
			return anothers
		case working != "" && !sameFile(working, dir) && hasEnv(working):
			return anothers
		case working != "" && !sameFile(working, dir) && local:
			return orphan
		}
		return own
	}
	switch {
	case isEnvOf(env, dir):
		return own
	case !isGone(env):
		return anothers
	case working != "" && !sameFile(working, dir) && hasEnv(working):
		return anothers
	}
	return orphan
}

// isEnvOf reports whether a path is the .env of a directory, which need not be
// there.
func isEnvOf(path, dir string) bool {
	return sameFile(path, filepath.Join(dir, instance.EnvName)) ||
		filepath.Base(path) == instance.EnvName && sameFile(filepath.Dir(path), dir)
}

// envSource is the file of the host that a container has as OpenAlgo's .env; ""
// when it has none.
func envSource(c engine.Container) string {
	for _, m := range c.Mounts {
		if m.Target == openalgo.Env {
			return m.Source
		}
	}
	return ""
}

func isGone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// movedFrom is the directory that the container was created for, where that is
// gone and the instance is here now; "" when it was not moved.
func (o *observed) MovedFrom() string {
	c := o.Container()
	if c == nil || o.Whose[c.ID] != orphan {
		return ""
	}
	return dirOf(*c)
}

func engineOf(e *engine.Engine) instance.EngineRef { return refOf(e.Info()) }

func refOf(i engine.Info) instance.EngineRef {
	return instance.EngineRef{ID: i.ID, Endpoint: i.Endpoint}
}
