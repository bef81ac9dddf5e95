package memory

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// Sketches are all containers, as a list has them.
func (e containerCalls) Sketches(ctx context.Context) (out []engine.Container, err error) {
	all, err := e.Containers(ctx)
	for _, c := range all {
		out = append(out, engine.Container{ID: c.ID, Name: c.Name, Image: c.Image, ImageID: c.ImageID, Labels: c.Labels, State: c.State, Mounts: c.Mounts, Ports: c.Ports})
	}
	return out, err
}
