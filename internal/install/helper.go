package install

import (
	"context"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// helperTime is how long a helper container may take that does one small thing.
const helperTime = 2 * time.Minute

// helper creates a helper container, and returns how to remove it. A Ctrl+C does
// not end the request: the engine would create one that nobody knows of.
func (in *Installer) helper(ctx context.Context, spec engine.ContainerSpec) (id string, discard func(), err error) {
	spec.Labels = in.probeLabels()
	if id, err = in.Engine.Create(context.WithoutCancel(ctx), spec); err != nil {
		return "", nil, err
	}
	discard = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
		defer cancel()
		_ = in.Engine.Remove(ctx, id)
	}
	if err := ctx.Err(); err != nil {
		discard()
		return "", nil, err
	}
	return id, discard, nil
}

// ended waits until a helper container has ended, and returns it.
func (in *Installer) ended(ctx context.Context, id string, limit time.Duration) (c engine.Container, err error) {
	over := wait.Until(ctx, limit, pollEvery, func(ctx context.Context) (bool, error) {
		c, err = in.Engine.Container(ctx, id)
		return c.State == "exited" || c.State == "dead", err
	})
	if wait.IsOver(over) && ctx.Err() == nil {
		return c, fmt.Errorf("it did not end within %s", limit)
	}
	return c, over
}
