// Package appfile reads and gives files that belong to the container's user, who may
// be one that this process can neither read from nor give to: Docker does it then, in
// a container that is made for that.
package appfile

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// Docker is what is needed of Docker.
type Docker interface {
	helper.Docker
	Info() engine.Info
	ReadFile(ctx context.Context, id, name string, max int64) ([]byte, error)
}

// ReadEnv reads the .env of an instance; nil when there is none. Where this user may
// not (it belongs to the container's user), Docker reads it: image is what a helper
// container is made from, "" the one that the last run left or began with.
func ReadEnv(ctx context.Context, e Docker, dir instance.Dir, image string) ([]byte, error) {
	path := dir.Env()
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && info.IsDir() {
		return nil, finding.Named(finding.HostNotReady, "env-directory", "%s is a directory: Docker made it because there was no file when a container started. "+
			"Stop that container, remove the empty directory (rmdir %s), bring the .env back from a backup, then run this again", path, path)
	}
	data, err := readfile.Regular(path, readfile.Config)
	if errors.Is(err, fs.ErrPermission) {
		return readThroughDocker(ctx, e, dir, cmp.Or(image, instance.EnvImage(dir)))
	}
	if err != nil {
		return nil, finding.Named(finding.HostNotReady, "env-unreadable", "reading %s: %w", path, err)
	}
	return data, nil
}

func readThroughDocker(ctx context.Context, e Docker, dir instance.Dir, image string) ([]byte, error) {
	path := dir.Env()
	denied := finding.Named(finding.HostNotReady, "env-unreadable", "this user may not read %s, which belongs to the container's user\n\n%s\n\nNothing was changed.", path, mayWay(e.Info(), dir))
	if image == "" || !e.Info().Local {
		return nil, denied
	}
	id, discard, err := helper.Create(ctx, e, string(dir), engine.ContainerSpec{
		Config: engine.Config{Image: image, Entrypoint: []string{"/none"}},
		Host:   engine.HostConfig{NetworkMode: "none"},
		Mounts: []engine.Mount{{Type: "bind", Source: path, Target: openalgo.Env, ReadOnly: true}},
	})
	if err != nil {
		return nil, denied
	}
	defer discard()
	return e.ReadFile(ctx, id, openalgo.Env, readfile.Config)
}
