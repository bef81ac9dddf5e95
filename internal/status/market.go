package status

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/calendar/kept"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
)

// Market says which markets trade now.
type Market struct {
	Open   bool       `json:"open"`
	Until  *time.Time `json:"until,omitempty"` // when the last of them closes
	Opens  *time.Time `json:"opens,omitempty"` // when one opens next, where none trades
	Source string     `json:"source,omitempty"`
	// CalendarRead is when OpenAlgo's calendar was read.
	CalendarRead *time.Time `json:"calendar_read,omitempty"`

	Text string `json:"-"`
}

// readMarket looks at the calendar of an instance, and what that says of now.
func (i *Instance) readMarket(ctx context.Context, e kept.Docker, c engine.Container, env *envfile.File, now time.Time) {
	i.Calendar = kept.Of(ctx, e, instance.Dir(i.Dir), &c, env, now)
	b, _ := broker.Find(i.Broker)
	crypto := b.Kind == broker.Crypto
	open := market.Open(now, crypto, i.Calendar)
	i.Market = &Market{Open: len(open) > 0, Text: market.List(open)}
	if crypto {
		return
	}
	i.Market.Source = market.Source(now, now, i.Calendar)
	if i.Calendar != nil {
		i.Market.CalendarRead = &i.Calendar.Read
	}
	if len(open) > 0 {
		i.Market.Until = &open[len(open)-1].Ends
		return
	}
	i.Market.Text = market.Closed(now, i.Calendar)
	if at, _ := market.Opens(now, i.Calendar); !at.IsZero() {
		i.Market.Opens = &at
	}
}
