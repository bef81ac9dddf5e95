package install

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
)

// helper creates a helper container, and returns how to remove it.
func (in *Installer) helper(ctx context.Context, spec engine.ContainerSpec) (id string, discard func(), err error) {
	return helper.Create(ctx, in.Engine, string(in.dir), spec)
}
