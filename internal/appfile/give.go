package appfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// Owner is whose a file is, by the numbers of the container, and its mode.
type Owner struct {
	UID, GID int
	Mode     fs.FileMode
}

// EnvOwner is what .env needs on an engine. Where Docker runs without root, the user
// who runs it is root in the container: .env stays that user's, since docker compose
// reads it, too, and OpenAlgo has it by its group, which nobody else is in.
func EnvOwner(info engine.Info) Owner {
	if info.Rootless {
		return Owner{0, openalgo.User, 0o660}
	}
	return Owner{openalgo.User, openalgo.User, 0o600}
}

// IsPrivate reports whether a mode lets nobody in beside the owner, and the group where
// that is OpenAlgo's own.
func (o Owner) IsPrivate(mode fs.FileMode) bool { return mode.Perm()&0o077&^o.Mode == 0 }

// GiveEnv gives .env, or what becomes it, its owner and mode.
func GiveEnv(ctx context.Context, e Docker, dir instance.Dir, file *os.File, image string) error {
	o := EnvOwner(e.Info())
	if err := give(ctx, e, dir, file.Name(), image, o, file.Chown); err != nil {
		return err
	}
	if o.UID == openalgo.User {
		return nil // it may not be this user's any more, and nobody else could read it before
	}
	return file.Chmod(o.Mode)
}

// Give makes the container's user the owner of a directory that keeps its data.
func Give(ctx context.Context, e Docker, dir instance.Dir, path, image string) error {
	return give(ctx, e, dir, path, image, Owner{UID: openalgo.User, GID: openalgo.User}, func(uid, gid int) error { return os.Chown(path, uid, gid) })
}

// give makes somebody in the container the owner of a file of this machine. It does
// so itself where it knows the numbers and may, and else by the chown of an image.
func give(ctx context.Context, e Docker, dir instance.Dir, path, image string, o Owner, chown func(uid, gid int) error) error {
	info := e.Info()
	uid, known := info.UserHere(o.UID)
	gid, known2 := info.UserHere(o.GID)
	if known && known2 {
		err := chown(uid, gid)
		if err == nil || os.Geteuid() == uid {
			return label(info, path)
		}
		if !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	if err := chownInContainer(ctx, e, dir, path, image, o); err != nil {
		return fmt.Errorf("it failed: %w\n\n%s", err, mayWay(info, dir))
	}
	return label(info, path)
}

// chownInContainer runs the image's chown on one file, since only Docker
// knows which user of this machine a user of the container is.
func chownInContainer(ctx context.Context, e Docker, dir instance.Dir, path, image string, o Owner) error {
	spec := engine.ContainerSpec{
		Config: engine.Config{Image: image, User: "0:0", Entrypoint: []string{"chown"}, Cmd: []string{fmt.Sprintf("%d:%d", o.UID, o.GID), "/openalgo/" + filepath.Base(path)}},
		Host:   engine.HostConfig{NetworkMode: "none"},
		Mounts: []engine.Mount{{Type: "bind", Source: filepath.Dir(path), Target: "/openalgo"}},
	}
	if e.Info().SELinux {
		spec.Host.SecurityOpt = []string{"label=disable"} // the directory has no label for containers
	}
	out, err := helper.Run(ctx, e, string(dir), spec, helper.Time)
	if err == nil && out.ExitCode != 0 {
		err = fmt.Errorf("chown ended with status %d: %s", out.ExitCode, strings.TrimSpace(string(out.Stderr)))
	}
	return err
}

// What SELinux calls a file that every container may use, as :z of a mount does. A
// Compose file with that has another hash for each Docker Compose.
const (
	labelName  = "security.selinux"
	labelValue = "system_u:object_r:container_file_t:s0"
)

// label gives a file the label that lets containers use it, where Docker has SELinux
// confine them.
func label(info engine.Info, path string) error {
	if !info.SELinux || !info.Local {
		return nil
	}
	err := unix.Lsetxattr(path, labelName, append([]byte(labelValue), 0), 0)
	if err == nil || errors.Is(err, unix.ENOTSUP) {
		return nil // a file system without labels has one for all of it
	}
	return fmt.Errorf("give %s the label that lets a container use it (%w). To do so: sudo chcon -t container_file_t %[1]s", path, err)
}

// mayWay says how a command gets to do what this user may not.
func mayWay(info engine.Info, dir instance.Dir) string {
	if info.Rootless {
		return "Docker runs without root. Run the same command as the user who runs it, without sudo."
	}
	return instance.WithRoot(string(dir))
}
