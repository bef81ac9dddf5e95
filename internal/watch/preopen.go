package watch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/notify"
)

// PreOpenEvent is the event of the line before the market opens.
const PreOpenEvent = "pre-open"

// PreOpenUsual is when that line is sent, in IST.
const PreOpenUsual = "08:45"

// preOpenLate is how long after its time the line is still of use: the machine may have
// been down.
const preOpenLate = 3 * time.Hour

// preOpen is the line that says, once on a trading day, whether all is ready.
func (w *Watch) preOpen(s *State, sight Sight, now time.Time) []notify.Message {
	at, err := time.ParseInLocation("15:04", w.PreOpen, market.IST)
	if w.PreOpen == "" || err != nil {
		return nil
	}
	now = now.In(market.IST)
	today := now.Format(time.DateOnly)
	at = time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), 0, 0, market.IST)
	if s.PreOpened == today || now.Before(at) || now.Sub(at) > preOpenLate || !trades(now, sight) {
		return nil
	}
	if len(sight.Instances) == 0 && sight.Docker == "" {
		return nil
	}
	starts := func(i Seen) bool { return i.Starting }
	if (sight.Booting || slices.ContainsFunc(sight.Instances, starts)) && now.Sub(at) < 10*time.Minute {
		return nil // it says so in a moment
	}
	s.PreOpened = today
	return []notify.Message{line(s, sight, now)}
}

// trades reports whether a market opens today.
func trades(now time.Time, sight Sight) bool {
	for _, i := range sight.Instances {
		if i.Crypto || i.calendar.Trades(now) {
			return true
		}
	}
	return len(sight.Instances) == 0 && (*calendar.Calendar)(nil).Trades(now) // Docker does not answer
}

// line says whether the instances are ready for the day.
func line(s *State, sight Sight, now time.Time) notify.Message {
	m := notify.Message{Event: PreOpenEvent, At: now, Severity: notify.Info}
	var ready, not []string
	for _, i := range sight.Instances {
		if i.Ready {
			ready = append(ready, i.Name)
		} else {
			not = append(not, i.Name+" ("+i.Reason+")")
		}
	}
	if sight.Docker != "" {
		not = append(not, "Docker does not answer")
	}
	var also []string
	for _, p := range s.Problems() {
		if p.ID != isDownID && p.ID != "engine-unusable" && p.Severity != notify.Info.String() {
			also = append(also, p.Text)
		}
	}
	m.Title = "Ready for the market: " + strings.Join(ready, ", ")
	if len(not) > 0 {
		m.Severity, m.Title = notify.Problem, "Not ready for the market: "+strings.Join(not, ", ")
		m.Command = finding.Prompt{Sudo: true}.Command("status")
	}
	if len(also) > 0 {
		m.Text = "To look at: " + strings.Join(also, ". ")
		m.Severity = max(m.Severity, notify.Warning)
	}
	return m
}

// holidays says in December that the holidays of the next year are not known: weekdays
// count as open then.
func holidays(c *calendar.Calendar, now time.Time) []Finding {
	now = now.In(market.IST)
	if next := now.Year() + 1; c != nil && now.Month() == time.December && !c.Knows(next) {
		return []Finding{{ID: "holidays-unknown", Machine: true, Text: fmt.Sprintf("OpenAlgo's calendar has no holidays of %d yet, and weekdays count as open. Enter them in OpenAlgo at /admin/holidays, or upgrade", next)}}
	}
	return nil
}
