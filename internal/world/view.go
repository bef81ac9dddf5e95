package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
)

// ErrOtherDirectory says that Docker has another directory at this path.
var ErrOtherDirectory = errors.New("there is another directory")

// NoImage asks whether Docker has a directory where there is no image to ask with:
// Docker looks for what is to be mounted before it looks for the image.
const NoImage = "openalgo-install.invalid/none:none"

// viewTries is how often a directory is compared that changes meanwhile.
const viewTries = 3

// sees compares the directory, or the nearest one above it that is there, with
// what a container would get: by the time of its last change, so that nothing
// has to be written. It names the directory; an error is evidence, and where
// there is none either way both are empty.
func sees(ctx context.Context, e Engine, instance, image string) (dir string, err error) {
	dir = instance
	for !isThere(dir) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", nil //nolint:nilerr // preflight.Dir says so
	}
	if e.Info().Podman {
		if err := podmanRuns(ctx, e, instance, image, dir); err != nil || image != NoImage {
			return dir, err
		}
		return "", nil // nothing was started, so it is asked again with the image
	}
	id, discard, err := helper.Create(ctx, e, instance, engine.ContainerSpec{
		Config: engine.Config{Image: image, Entrypoint: []string{"/none"}},
		Host:   engine.HostConfig{NetworkMode: "none"},
		Mounts: []engine.Mount{{Type: "bind", Source: dir, Target: "/seen", ReadOnly: true}},
	})
	if err != nil {
		return unless(dir, evidence(err))
	}
	defer discard()
	for range viewTries {
		before, err1 := os.Stat(dir)
		there, err := e.ModTime(ctx, id, "/seen")
		after, err2 := os.Stat(dir)
		if errors.Join(err, err1, err2) != nil {
			return unless(dir, evidence(err))
		}
		if sameTime(before.ModTime(), there) {
			return dir, nil
		}
		if before.ModTime().Equal(after.ModTime()) {
			return dir, ErrOtherDirectory
		}
	}
	return "", nil
}

// podmanRuns tries whether Podman has all that a container of OpenAlgo needs of it: it
// says so at the creation or at the start. It shows no files of one that does not run.
func podmanRuns(ctx context.Context, e Engine, instance, image, dir string) error {
	init := true
	id, discard, err := helper.Create(ctx, e, instance, engine.ContainerSpec{
		Config: engine.Config{Image: image, Entrypoint: []string{"/none"}},
		Host:   engine.HostConfig{Init: &init},
		Mounts: []engine.Mount{{Type: "bind", Source: dir, Target: "/seen", ReadOnly: true}},
	})
	switch {
	case errors.Is(err, engine.ErrIncomplete):
		return err
	case err != nil:
		return evidence(err)
	}
	defer discard()
	if err := e.Start(ctx, id); errors.Is(err, engine.ErrIncomplete) {
		return err
	}
	// That its entrypoint is not there says nothing. Its users show after the start.
	if c, err := e.Container(ctx, id); err == nil && c.OwnUsers {
		return ErrOwnUsers
	}
	return nil
}

// ErrOwnUsers is a Podman that gives each container other users: what is OpenAlgo's in
// one of them is a stranger's in the next, .env first of all.
var ErrOwnUsers = errors.New("a container of Podman has its own users")

// sameTime compares two times of one directory. A file system that is shared
// with a VM may keep whole seconds.
func sameTime(here, there time.Time) bool {
	if there.Nanosecond() == 0 {
		here = here.Truncate(time.Second)
	}
	return here.Equal(there)
}

// unless names the directory where there is evidence.
func unless(dir string, err error) (string, error) {
	if err == nil {
		return "", nil
	}
	return dir, err
}

// evidence is an error that says that there is no such directory; others are
// for the run itself to meet.
func evidence(err error) error {
	if err == nil {
		return nil
	}
	for _, text := range []string{"bind source path does not exist", "mounts denied", "no such file or directory", "not shared with this machine"} {
		if strings.Contains(err.Error(), text) {
			return fmt.Errorf("there is no such directory (%s)", text)
		}
	}
	return nil
}
