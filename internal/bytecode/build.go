package bytecode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/packed"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// program is what the image's Python carries out.
func program() string { return string(packed.Text("internal/bytecode/build.py")) }

const (
	// Longest is how long anybody waits for bytecode. It goes on being made.
	Longest = 3 * time.Minute
	poll    = 500 * time.Millisecond
	mostRAM = 768 << 20
)

// Begin has the bytecode of a container's image made in the background, by a
// container that ends and is removed by itself.
func Begin(ctx context.Context, d Docker, c engine.Container) error {
	_, err := begin(ctx, d, c, false)
	return err
}

// Make makes the bytecode of a container's image, or waits for the one that makes it.
func Make(ctx context.Context, d Docker, c engine.Container) error {
	id, err := begin(ctx, d, c, true)
	if err != nil || id == "" {
		return err
	}
	var end engine.Container
	over := wait.Until(ctx, Longest, poll, func(ctx context.Context) (bool, error) {
		now, err := d.Container(ctx, id)
		if errors.Is(err, engine.ErrNotFound) { // of the background: it has ended
			return true, nil
		}
		end = now
		return now.State == "exited" || now.State == "dead", err
	})
	switch {
	case wait.IsOver(over) && ctx.Err() == nil:
		return fmt.Errorf("it takes longer than %s and continues in the background", Longest)
	case over != nil:
		return over
	case there(ctx, d, c):
		return d.Remove(ctx, id)
	}
	why := lastLine(ctx, d, id)
	return errors.Join(fmt.Errorf("the image's Python ended with status %d%s", end.ExitCode, why), d.Remove(ctx, id))
}

// begin starts the container that makes it, unless that runs or is not needed: then
// id is that of the running one, or "".
func begin(ctx context.Context, d Docker, c engine.Container, awaited bool) (id string, err error) {
	volume := VolumeOf(c)
	if volume == "" {
		return "", nil
	}
	all, err := d.Containers(ctx, Label+"="+volume)
	if err != nil {
		return "", err
	}
	for _, b := range all {
		if b.State == "running" && b.ImageID == c.ImageID {
			return b.ID, nil
		}
		// Of a process that was killed, or of an image that does not start now.
		if err := d.Remove(ctx, b.ID); err != nil {
			return "", err
		}
	}
	if there(ctx, d, c) {
		return "", nil
	}
	// Not cancelled in the middle: Docker would make one that nobody knows of.
	if id, err = d.Create(context.WithoutCancel(ctx), spec(volume, c.ImageID, awaited)); err != nil {
		return "", err
	}
	if err = d.Start(ctx, id); err != nil {
		return "", errors.Join(err, d.Remove(context.WithoutCancel(ctx), id))
	}
	return id, nil
}

// spec is the container that compiles: the image as it is, with no network and no
// right but to write the volume. What it leaves is root's, so that OpenAlgo could not
// write it even if the volume were not read-only for it.
func spec(volume, image string, awaited bool) engine.ContainerSpec {
	workers, shares, haste := 1, int64(2), "later"
	if awaited {
		workers, shares, haste = 2, 512, "first"
	}
	pids := int64(64)
	out := engine.ContainerSpec{
		Name: volume + "-build",
		Config: engine.Config{
			Image: image, User: "0", WorkingDir: "/", Labels: map[string]string{Label: volume},
			Entrypoint:  []string{openalgo.Python, "-I", "-S", "-B", "-W", "ignore", "-c", program(), compose.BytecodeDir, image, strconv.Itoa(workers), haste},
			Healthcheck: &engine.HealthConfig{Test: []string{"NONE"}},
		},
		Host: engine.HostConfig{
			NetworkMode: "none", ReadonlyRootfs: true, CapDrop: []string{"ALL"}, SecurityOpt: []string{"no-new-privileges:true"},
			AutoRemove: !awaited, OomScoreAdj: 1000,
			Resources: engine.Resources{CPUShares: shares, Memory: mostRAM, PidsLimit: &pids},
		},
		Mounts: []engine.Mount{{Type: "volume", Source: volume, Target: compose.BytecodeDir, NoCopy: true}},
	}
	out.Host.LogConfig.Type = "json-file" // it is read, whatever Docker's default is
	return out
}

// lastLine is the last line that a container printed, with what goes before it in a
// sentence; "" where it printed none.
func lastLine(ctx context.Context, d Docker, id string) string {
	var out bytes.Buffer
	if d.Logs(ctx, id, engine.LogOptions{Tail: 1}, &out, &out) != nil || out.Len() == 0 || out.Len() > 1<<10 {
		return ""
	}
	return ": " + printable.Line(strings.TrimSpace(out.String()))
}
