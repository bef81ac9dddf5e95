package plan

import (
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Shrinks reports whether the plan takes something away from the stack.
func (p *Plan) Shrinks() bool {
	return slices.ContainsFunc(p.Asks, func(a Ask) bool { return a.Kind == AskDown })
}

// askForResize adds the questions of a resize.
func askForResize(o *world.Observation, p *Plan) {
	if text := smaller(o, p); text != "" {
		p.Asks = append(p.Asks, Ask{AskDown, text})
	}
	askForMarket(o, p)
}

// How long OpenAlgo is down, as askWhileOpen says it.
const (
	// FrozenForAMoment is for what does not stop it, unless Docker cannot freeze it.
	FrozenForAMoment = "OpenAlgo and its strategies are frozen for less than a second. If Docker cannot freeze them, they stop for some seconds"
	DownForGood      = "OpenAlgo and its strategies stop until you start them again"
	DownRemoved      = "OpenAlgo and its strategies stop, and openalgo-install removes the container"
)

// askForMarket asks whether OpenAlgo may go down while a market is open, and come
// up again.
func askForMarket(o *world.Observation, p *Plan) {
	p.Asks = append(p.Asks, askWhileOpen(o, "OpenAlgo and its strategies stop for "+p.Downtime.Length+" ("+p.Downtime.Why+")")...)
}

// askWhileOpen returns that question, or nothing while no market is open. down
// says for how long OpenAlgo stops.
func askWhileOpen(o *world.Observation, down string) []Ask {
	b, _ := broker.Find(settings.BrokerOf(o.Env))
	if open := market.Open(o.Now, b.Kind == broker.Crypto, o.Calendar); len(open) > 0 {
		return []Ask{{AskMarket, down + ", and " + market.Describe(open, o.Now, o.Calendar)}}
	}
	return nil
}

// smaller says what becomes less and what may not fit any more; "" when
// nothing does.
func smaller(o *world.Observation, p *Plan) string {
	less := settings.Smaller(p.Settings)
	if len(less) == 0 {
		return ""
	}
	evidence := preflight.Beyond(o.Use, p.Sizing)
	if len(evidence) == 0 {
		evidence = []string{"Current use fits the smaller limits"}
	}
	return "smaller limits: " + strings.Join(less, ", ") + ". " + strings.Join(evidence, ". ")
}
