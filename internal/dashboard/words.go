package dashboard

import (
	"fmt"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/live"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// stateOf is the sign of a state.
func stateOf(s live.State) theme.State {
	switch s {
	case live.Ready:
		return theme.OK
	case live.Starting, live.Checking:
		return theme.Busy
	case live.NotReady, live.Frozen, live.NoContainer:
		return theme.Problem
	case live.Stopped:
	}
	return theme.Off
}

// lasted is a time in its two largest units: "3 d 4 h".
func lasted(d time.Duration) string {
	switch {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%d d %d h", d/(24*time.Hour), d/time.Hour%24)
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d/time.Minute%60)
	case d >= time.Minute:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", max(d, 0)/time.Second)
}

// markets says which markets are open and until when, within width cells.
func markets(now time.Time, crypto bool, c *calendar.Calendar, width int) string {
	open := market.Open(now, crypto, c)
	if len(open) == 0 {
		at, who := market.Opens(now, c)
		text := "Markets are closed. " + who + " open " + at.Format("Mon 2 Jan, 15:04 MST")
		if len(text) > width {
			text = "Markets closed to " + at.Format("Mon 15:04 MST")
		}
		return text
	}
	if text := market.List(open); len(open) == 1 && len(text) <= width {
		return text
	}
	var parts []string
	for _, s := range open {
		parts = append(parts, s.Short+" "+s.Ends.Format("15:04"))
	}
	text := "Open until: " + strings.Join(parts, ", ") + " IST"
	if len(text) > width {
		text = "Open: " + open[len(open)-1].Short + " to " + open[len(open)-1].Ends.Format("15:04 MST")
	}
	return text
}

// share of something: "1.4/3.8 GiB", "61/512 MiB".
func part(used float64, limit int64) string {
	if limit <= 0 {
		return printable.Size(int64(used))
	}
	if limit >= 10<<30 && used >= 10<<30 {
		return fmt.Sprintf("%.0f/%.0f GiB", used/(1<<30), float64(limit)/(1<<30))
	} else if limit >= 10<<30 {
		return fmt.Sprintf("%.1f/%.0f GiB", used/(1<<30), float64(limit)/(1<<30))
	}
	if limit >= 1<<30 {
		return fmt.Sprintf("%.1f/%.1f GiB", used/(1<<30), float64(limit)/(1<<30))
	}
	return fmt.Sprintf("%.0f/%d MiB", used/(1<<20), limit>>20)
}

// rate is bytes a second.
func rate(perSecond float64) string {
	if perSecond >= 1<<20 {
		return fmt.Sprintf("%.1f MiB/s", perSecond/(1<<20))
	}
	return fmt.Sprintf("%.0f KiB/s", perSecond/(1<<10))
}

// ago is a time in a few cells, and in a line.
func ago(at, now time.Time) (short, long string) {
	at, now = at.In(market.IST), now.In(market.IST)
	if at.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return at.Format("15:04"), at.Format("today, 15:04 MST")
	}
	days := max(int(now.Sub(at)/(24*time.Hour)), 1)
	return fmt.Sprintf("%d d", days), market.Day(at)
}

// backup says how the last backup ended: in a few cells, and in a line.
func backup(i live.Instance, now time.Time) (state theme.State, short, long string) {
	if i.Status == nil {
		return theme.Off, "-", "-"
	}
	last := i.Status.Backup
	if last == nil {
		return theme.Caution, "none", "none yet"
	}
	short, long = ago(last.At, now)
	if !last.OK {
		return theme.Problem, "failed", "failed " + long
	}
	return theme.OK, short, long
}

// certificate says how long a certificate lasts.
func certificate(i live.Instance, now time.Time) (state theme.State, short, long string) {
	until := live.CertificateEnd(i)
	switch {
	case i.Status == nil:
		return theme.Off, "-", "-"
	case until.IsZero() && i.Status.HTTPS != nil:
		return theme.Problem, "!", "not served"
	case until.IsZero() && strings.HasPrefix(i.URL, "https:"):
		return theme.Off, "-", "by your own proxy"
	case until.IsZero():
		return theme.Off, "-", "none, local only"
	}
	days := int(until.Sub(now) / (24 * time.Hour))
	state = theme.OK
	if days < 21 {
		state = theme.Caution
	}
	return state, fmt.Sprintf("%d d", days), "ends in " + printable.Count(days, "day")
}

// release says which release runs, and whether the registry has another image.
func release(t *theme.Theme, i live.Instance) (short, long string) {
	short = "-"
	if i.Status != nil && i.Status.Version != "" {
		short = i.Status.Version
	}
	long = short
	if !i.NewerImage {
		return short, long
	}
	if t.Unicode {
		return short + " ↑", long + ", a newer image is available"
	}
	return short + " ^", long + ", a newer image is available"
}

// tunnelOf is the command by which another computer reaches an instance. Its place
// for the server's name has the public address, where nobody came by SSH.
func tunnelOf(i live.Instance, public string) string {
	if i.Status == nil {
		return ""
	}
	address, _, _ := strings.Cut(public, " ")
	if address == "" {
		return i.Status.Tunnel
	}
	return strings.Replace(i.Status.Tunnel, "@SERVER", "@"+address, 1)
}

// calendarOf is the calendar of the markets that an instance has; nil while that was
// not read.
func calendarOf(i live.Instance) *calendar.Calendar {
	if i.Status == nil {
		return nil
	}
	return i.Status.Calendar
}

// anyCalendar is the first calendar that was read.
func anyCalendar(all []live.Instance) *calendar.Calendar {
	for _, i := range all {
		if c := calendarOf(i); c != nil {
			return c
		}
	}
	return nil
}
