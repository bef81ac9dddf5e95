package world

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// seeContainer notes whose a container is, and the files that it names.
func seeContainer(o *Observation, c engine.Container) {
	o.Whose[c.ID] = stacks.WhoseIs(c, string(o.Dir), o.Engine.Local)
	seeDir(o, stacks.DirOf(c))
	source := stacks.EnvSource(c)
	if _, known := o.Envs[source]; source == "" || known {
		return
	}
	seeDir(o, filepath.Dir(source))
	o.Envs[source] = EnvFile{Same: stacks.SameFile(source, o.Dir.Env()), Here: stacks.IsEnvOf(source, string(o.Dir))}
}

func seeDir(o *Observation, dir string) {
	if _, known := o.Dirs[dir]; dir != "" && !known {
		o.Dirs[dir] = Directory{Here: stacks.SameFile(dir, string(o.Dir)), HasEnv: stacks.HasEnv(dir)}
	}
}

// AnswersAt reports whether something listens at an endpoint, as far as it is
// on this machine; others may.
func AnswersAt(endpoint string) bool {
	path, local := strings.CutPrefix(endpoint, "unix://")
	if !local {
		return true
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return errors.Is(err, os.ErrPermission)
	}
	_ = conn.Close()
	return true
}

// RefOf names a Docker.
func RefOf(i engine.Info) instance.EngineRef {
	return instance.EngineRef{ID: i.ID, Endpoint: i.Endpoint, Rootless: i.Rootless}
}

// EnvOf reads the .env in dir; an empty one where there is none, or none that
// this user may read.
func EnvOf(dir string) *envfile.File {
	text, _ := readfile.Regular(filepath.Join(dir, instance.EnvName), readfile.Config)
	file, err := envfile.Parse(text)
	if err != nil {
		file, _ = envfile.Parse(nil)
	}
	return file
}
