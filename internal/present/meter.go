package present

import (
	"fmt"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Meter says how far work is: "43%, 1.2 GiB of 2.8 GiB, 85 MiB/s, 19 s left".
func Meter(m event.Meter) string {
	if m.Unit != event.Bytes {
		return fmt.Sprintf("%d of %d %s", m.Done, m.Total, m.Unit)
	}
	text := amount(m.Done)
	if percent := m.Percent(); percent >= 0 {
		text = fmt.Sprintf("%d%%, %s of %s", percent, text, amount(m.Total))
	}
	return strings.Join(append([]string{text}, pace(m)...), ", ")
}

// pace says how fast work goes on, and how long the rest takes.
func pace(m event.Meter) (out []string) {
	if m.Unit == event.Bytes && m.Rate > 0 {
		out = append(out, amount(m.Rate)+"/s")
	}
	if m.Left > 0 {
		out = append(out, Span(time.Duration(m.Left)*time.Second)+" left")
	}
	return out
}

// amount is a number of bytes; small ones matter for a slow line.
func amount(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
	return printable.Size(bytes)
}

// Span is a time as people say it: "19 s", "3 min 20 s", "1 h 5 min".
func Span(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	}
	return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
}

// percentOf is how much of a pull is there.
func percentOf(p *event.PullProgress) int {
	return max(event.Meter{Done: p.Current, Total: p.Total}.Percent(), 0)
}

// pulled says how much of a pull is there. timed says that it names the time left.
func pulled(p *event.PullProgress, m *event.Meter) (text string, timed bool) {
	parts := []string{fmt.Sprintf("%d%%", percentOf(p))}
	if p.Total > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s", amount(p.Current), amount(p.Total)))
	}
	if m != nil {
		parts, timed = append(parts, pace(*m)...), m.Left > 0
	}
	parts = append(parts, fmt.Sprintf("%d of %s", p.LayersDone, printable.Count(p.Layers, "layer")))
	return strings.Join(parts, ", "), timed
}
