package step

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// ReadEnv reads .env; nil when there is none. Where this user may not (it belongs
// to the container's user), Docker reads it.
func ReadEnv(ctx context.Context, e run.Engine, dir string) ([]byte, error) {
	return readEnv(ctx, e, dir, stateImage(dir))
}

// readEnv is ReadEnv with the image that a helper container is made from.
func readEnv(ctx context.Context, e run.Engine, dir, image string) ([]byte, error) {
	path := filepath.Join(dir, EnvName)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && info.IsDir() {
		return nil, finding.Errorf(finding.HostNotReady, "%s is a directory: Docker made it because there was no file when a container started. "+
			"Stop that container, remove the empty directory (rmdir %s), bring the .env back from a backup, then run this again", path, path)
	}
	data, err := readfile.Regular(path, readfile.Config)
	if errors.Is(err, fs.ErrPermission) {
		return readEnvThroughEngine(ctx, e, dir, image)
	}
	if err != nil {
		return nil, finding.Errorf(finding.HostNotReady, "reading %s: %w", path, err)
	}
	return data, nil
}

func readEnvThroughEngine(ctx context.Context, e run.Engine, dir, image string) ([]byte, error) {
	path := filepath.Join(dir, EnvName)
	denied := finding.Errorf(finding.HostNotReady, "this user may not read %s, which belongs to the container's user\n\n%s\n\nNothing was changed.", path, instance.WithRoot(dir))
	if image == "" || !e.Info().Local {
		return nil, denied
	}
	id, discard, err := helper.Create(ctx, e, dir, engine.ContainerSpec{
		Image: image, Entrypoint: []string{"/none"}, NetworkMode: "none",
		Mounts: []engine.Mount{{Type: "bind", Source: path, Target: openalgo.Env, ReadOnly: true}},
	})
	if err != nil {
		return nil, denied
	}
	defer discard()
	return e.ReadFile(ctx, id, openalgo.Env, readfile.Config)
}

// give gives a new .env its owner: the container's user, or the one that the .env
// of another tool's stack has.
func (s *WriteEnv) give(ctx context.Context, t *run.Tools, file *os.File) error {
	if s.Foreign {
		return giveAsBefore(t, file)
	}
	if err := giveToApp(ctx, t, file.Name(), s.Image, file.Chown); err != nil {
		return fmt.Errorf("giving .env to the container's user (%d): %w", openalgo.User, err)
	}
	return nil
}

// giveToApp makes the container's user the owner of a file.
func giveToApp(ctx context.Context, t *run.Tools, path, image string, chown func(uid, gid int) error) error {
	info := t.Engine.Info()
	if !info.Rootless && !info.UserNS {
		err := chown(openalgo.User, openalgo.User)
		if err == nil || os.Geteuid() == openalgo.User {
			return nil
		}
		if !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	if err := chownInContainer(ctx, t, path, image); err != nil {
		return fmt.Errorf("it failed: %w\n\n%s", err, instance.WithRoot(t.Dir))
	}
	return nil
}

func giveAsBefore(t *run.Tools, file *os.File) error {
	info, err := os.Stat(filepath.Join(t.Dir, EnvName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing to go by
	}
	if err != nil {
		return fmt.Errorf("look at the .env that is replaced: %w", err)
	}
	if err := file.Chmod(info.Mode().Perm()); err != nil {
		return fmt.Errorf("give .env its mode: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) == os.Geteuid() {
		return nil
	}
	if err := file.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("giving .env its owner: %w\n\n%s", err, instance.WithRoot(t.Dir))
	}
	return nil
}

// chownInContainer runs the image's chown on one file, since only Docker
// knows which user of this machine the container's user 1000 is.
func chownInContainer(ctx context.Context, t *run.Tools, path, image string) error {
	out, err := helper.Run(ctx, t.Engine, t.Dir, engine.ContainerSpec{
		Image: image, User: "0:0", NetworkMode: "none",
		Entrypoint: []string{"chown"}, Cmd: []string{fmt.Sprintf("%d:%[1]d", openalgo.User), "/openalgo/" + filepath.Base(path)},
		Mounts: []engine.Mount{{Type: "bind", Source: filepath.Dir(path), Target: "/openalgo"}},
	}, helper.Time)
	if err == nil && out.ExitCode != 0 {
		err = fmt.Errorf("chown ended with status %d", out.ExitCode)
	}
	return err
}
