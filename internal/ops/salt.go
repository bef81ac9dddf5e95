package ops

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// IdleSalt reports whether the release that a container runs knows no
// FERNET_SALT, so that no data depends on one in the .env of dir.
func IdleSalt(ctx context.Context, e world.Engine, dir string, c engine.Container) bool {
	s, err := instance.Dir(dir).LoadState()
	if err != nil {
		return false
	}
	see := &world.Looker{Engine: e, Dir: instance.Dir(dir)}
	return see.SaltOf(ctx, envOf(dir), s, c.ImageID, time.Time{}) == instance.SaltIdle
}
