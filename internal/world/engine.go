package world

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
)

// Engine is what is looked at of Docker. Nothing that counts is changed: helper
// containers are created, and removed again.
type Engine interface {
	helper.Docker
	edge.Docker
	Info() engine.Info
	Exec(ctx context.Context, id string, cmd []string, user string) (engine.ExecResult, error)
	Image(ctx context.Context, ref string) (engine.Image, error)
	List(ctx context.Context) ([]engine.Image, error)
	RemoteDigest(ctx context.Context, ref string) (string, error)
	RemotePlatforms(ctx context.Context, ref string) ([]string, error)
	Volume(ctx context.Context, name string) (engine.Volume, error)
	Volumes(ctx context.Context, labels ...string) ([]engine.Volume, error)
	Overview(ctx context.Context) (engine.Overview, error)
	Networks(ctx context.Context, labels ...string) ([]engine.Network, error)
	ReadFile(ctx context.Context, id, name string, max int64) ([]byte, error)
	ModTime(ctx context.Context, id, path string) (time.Time, error)
	MemoryInUse(ctx context.Context, id string) (int64, error)
	Beyond(ctx context.Context, id string) (options []string, record []byte, err error)
}
