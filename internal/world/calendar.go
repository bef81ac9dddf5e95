package world

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/calendar/kept"
)

// LookAtMarkets looks at the calendar of the markets that OpenAlgo has. It asks a
// container once.
func (l *Looker) LookAtMarkets(ctx context.Context, o *Observation) {
	if !l.markets.IsFresh() {
		l.markets = kept.Ask(ctx, l.Engine, o.Dir, o.Container(), o.Env, o.Now)
	}
	o.Calendar = l.markets.Calendar()
}
