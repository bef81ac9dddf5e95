// Package bytecode keeps what Python makes of OpenAlgo's code in a volume of the
// stack. OpenAlgo's own image has none and forbids to write it, so that every start
// compiles 12,500 files: half of the time until it answers.
//
// The volume has a tree for each image, made by that image's own Python beside the
// container that runs, and a link `now` to the one that is read. A tree is there once
// it is whole. Each file names the hash of its source: whichever image reads it never
// gets other code than its own.
package bytecode

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// Label marks a container that compiles; its value is the volume.
const Label = "io.openalgo.install.bytecode.volume"

// State is how far the bytecode of a container's image is.
type State string

// The states; "" is that of a container which reads none from a volume.
const (
	Absent   State = "absent"
	Building State = "building"
	Ready    State = "ready"
)

// Looks is what it takes to say how far bytecode is.
type Looks interface {
	Containers(ctx context.Context, labels ...string) ([]engine.Container, error)
	ReadFile(ctx context.Context, id, name string, max int64) ([]byte, error)
}

// Docker is what this package uses of Docker.
type Docker interface {
	Looks
	Container(ctx context.Context, nameOrID string) (engine.Container, error)
	Create(ctx context.Context, s engine.ContainerSpec) (id string, err error)
	Start(ctx context.Context, id string) error
	Remove(ctx context.Context, id string) error
	Logs(ctx context.Context, id string, o engine.LogOptions, stdout, stderr io.Writer) error
}

// VolumeOf is the volume that a container reads bytecode from; "" is none.
func VolumeOf(c engine.Container) string {
	if c.Labels[openalgo.LabelBytecode] == "1" {
		return ""
	}
	for _, m := range c.Mounts {
		if m.Target == compose.BytecodeDir && m.ReadOnly {
			return m.Name
		}
	}
	return ""
}

// Of says how far the bytecode of a container's image is.
func Of(ctx context.Context, d Looks, c engine.Container) State {
	volume := VolumeOf(c)
	if volume == "" {
		return ""
	}
	if there(ctx, d, c) {
		return Ready
	}
	all, err := d.Containers(ctx, Label+"="+volume)
	for _, b := range all {
		if err == nil && b.ImageID == c.ImageID && b.State == "running" {
			return Building
		}
	}
	return Absent
}

// there reports whether the tree that is read is whole, and of the container's image.
func there(ctx context.Context, d Looks, c engine.Container) bool {
	image, err := d.ReadFile(ctx, c.ID, compose.BytecodeDir+"/now/image", 1<<10)
	return err == nil && strings.TrimSpace(string(image)) == c.ImageID
}

// End removes what compiles for a volume.
func End(ctx context.Context, d Docker, volume string) error {
	all, err := d.Containers(ctx, Label+"="+volume)
	for _, b := range all {
		err = errors.Join(err, d.Remove(ctx, b.ID))
	}
	return err
}
