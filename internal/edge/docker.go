package edge

import (
	"context"
	"io"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// Docker is what an edge needs of Docker.
type Docker interface {
	Info() engine.Info
	Image(ctx context.Context, ref string) (engine.Image, error)
	Container(ctx context.Context, nameOrID string) (engine.Container, error)
	Containers(ctx context.Context, labels ...string) ([]engine.Container, error)
	Create(ctx context.Context, s engine.ContainerSpec) (id string, err error)
	Start(ctx context.Context, id string) error
	Stop(ctx context.Context, id string, grace time.Duration) error
	Rename(ctx context.Context, id, name string) error
	Remove(ctx context.Context, id string) error
	Logs(ctx context.Context, id string, o engine.LogOptions, stdout, stderr io.Writer) error
	Exec(ctx context.Context, id string, cmd []string, user string) (engine.ExecResult, error)
	Volume(ctx context.Context, name string) (engine.Volume, error)
	CreateVolume(ctx context.Context, s engine.VolumeSpec) (engine.Volume, error)
	RemoveVolume(ctx context.Context, name string) error
}
