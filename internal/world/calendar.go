package world

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/calendar/kept"
)

// LookAtMarkets looks at the calendar of the markets that OpenAlgo has.
func (l *Looker) LookAtMarkets(ctx context.Context, o *Observation) {
	o.Calendar = kept.Of(ctx, l.Engine, o.Dir, o.Container(), o.Env, o.Now)
}
