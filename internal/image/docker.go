package image

import (
	"context"
	"io"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
)

// Docker is what this package uses of Docker.
type Docker interface {
	Info() engine.Info
	Image(ctx context.Context, ref string) (engine.Image, error)
	Images(ctx context.Context, label string) ([]engine.Image, error)
	Tags(ctx context.Context) (map[string]string, error)
	Tag(ctx context.Context, id, ref string) error
	RemoveImage(ctx context.Context, ref string) error
	Pull(ctx context.Context, ref string, progress func(event.PullProgress)) (engine.Image, error)
	Import(ctx context.Context, ref string, tar io.Reader, changes []string) (engine.Image, error)
	LoadImage(ctx context.Context, tar io.Reader) error
	Build(ctx context.Context, spec engine.BuildSpec, watch engine.BuildWatch) (engine.Image, error)
}
