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
