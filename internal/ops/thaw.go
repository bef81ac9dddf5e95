package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/freeze"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// thaws thaws a container that is frozen, since only one that runs can be asked and
// copied; one that is to be stopped is left alone. It reports whether there is
// another plan to make.
func thaws(ctx context.Context, t *turn, o *world.Observation, p *plan.Plan) bool {
	c := o.Container()
	if c == nil || p.Intent.Run == plan.Down || p.Intent.Run == plan.Gone || p.Intent.Run == plan.Up || p.Intent.Run == plan.Cleaned {
		return false
	}
	was, err := freeze.Left(ctx, t.Engine, c.ID)
	if was {
		t.note(c.Name + " was frozen (`docker pause`) and runs again")
	}
	return was && err == nil
}
