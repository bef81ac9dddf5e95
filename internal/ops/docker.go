package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Docker is what a session uses of Docker.
type Docker interface {
	run.Engine
	world.Engine
	image.Docker
	ExecInput(ctx context.Context, id string, cmd []string, input []byte) (engine.ExecResult, error)
	ExecTerminal(ctx context.Context, id string, cmd, env []string, t engine.Terminal) (exitCode int, err error)
}
