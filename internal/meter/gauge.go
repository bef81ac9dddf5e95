package meter

import (
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
)

const (
	// window is the time over which a rate is measured: long enough to be calm, and
	// short enough to follow a line that becomes slow.
	window = 10 * time.Second
	// shortest is the time from which a rate says something.
	shortest = time.Second
)

// Gauge reads a rate and the time left from amounts. Its zero value is ready.
type Gauge struct {
	ID, Unit string

	samples []sample // of the window, the oldest first
}

type sample struct {
	at   time.Time
	done int64
}

// Read returns how far the work is, when so much of it is done. A total of 0 is not
// known.
func (g *Gauge) Read(now time.Time, done, total int64) event.Meter {
	if total > 0 {
		total = max(total, done) // what is counted may grow meanwhile
	}
	m := event.Meter{ID: g.ID, Unit: g.Unit, Done: done, Total: total}
	g.add(sample{now, done})
	first := g.samples[0]
	if spent := now.Sub(first.at); spent >= shortest {
		m.Rate = int64(float64(done-first.done) / spent.Seconds())
	}
	if m.Rate > 0 && total > done {
		m.Left = (total - done + m.Rate - 1) / m.Rate
	}
	return m
}

// add keeps a sample, and forgets those that left the window but for the last of them.
func (g *Gauge) add(s sample) {
	if n := len(g.samples); n > 0 && s.done < g.samples[n-1].done {
		g.samples = nil // other work began
	}
	if n := len(g.samples); n > 1 && s.at.Sub(g.samples[n-2].at) < every {
		g.samples[n-1] = s
	} else {
		g.samples = append(g.samples, s)
	}
	for len(g.samples) > 2 && s.at.Sub(g.samples[1].at) >= window {
		g.samples = g.samples[1:]
	}
}
