// Package autoupgrade upgrades an instance in a window that its owner chose, while no
// market is near: when, to what, and what must be well before and after. Its rules are
// pure: the time is handed in.
package autoupgrade

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/market"
)

// Window is a part of a day in India, each week or each day.
type Window struct {
	Day  string `json:"day"`  // Saturday, or daily
	From string `json:"from"` // HH:MM
	To   string `json:"to"`
}

// Default is the window of an owner who chooses none.
var Default = Window{"Saturday", "06:00", "08:00"}

const daily = "daily"

// How long a window is, at least and at most.
const (
	shortest = time.Hour
	longest  = 6 * time.Hour
)

var errWindow = errors.New(`write a day and two times in IST, 1 to 6 hours apart, for example "Saturday 06:00-08:00" or "daily 04:30-07:30"`)

// ParseWindow reads "Saturday 06:00-08:00" or "daily 04:30-07:30"; "" is Default.
func ParseWindow(text string) (Window, error) {
	if text == "" || text == "on" {
		return Default, nil
	}
	words := strings.Fields(text)
	if len(words) != 2 {
		return Window{}, errWindow
	}
	from, to, _ := strings.Cut(words[1], "-")
	w := Window{From: from, To: to}
	for day := time.Sunday; day <= time.Saturday; day++ {
		if name := day.String(); strings.EqualFold(words[0], name) || strings.EqualFold(words[0], name[:3]) {
			w.Day = name
		}
	}
	if strings.EqualFold(words[0], daily) {
		w.Day = daily
	}
	return w, w.check()
}

// check refuses a window that is none: it may come from a file.
func (w Window) check() error {
	from, err1 := time.Parse("15:04", w.From)
	to, err2 := time.Parse("15:04", w.To)
	if w.Day == "" || err1 != nil || err2 != nil || to.Sub(from) < shortest || to.Sub(from) > longest {
		return errWindow
	}
	return nil
}

func (w Window) String() string {
	if w.Day == daily {
		return "every day " + w.From + " to " + w.To + " IST"
	}
	return w.Day + " " + w.From + " to " + w.To + " IST"
}

// Next is the window that a time is in, or else the next one.
func (w Window) Next(now time.Time) (from, to time.Time) {
	start, err1 := time.Parse("15:04", w.From)
	end, err2 := time.Parse("15:04", w.To)
	if err1 != nil || err2 != nil {
		return time.Time{}, time.Time{}
	}
	midnight := calendar.Midnight(now)
	at := func(day, clock time.Time) time.Time {
		return day.Add(time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute)
	}
	for n := range 8 {
		day := midnight.AddDate(0, 0, n)
		if (w.Day == daily || w.Day == day.Weekday().String()) && at(day, end).After(now) {
			return at(day, start), at(day, end)
		}
	}
	return time.Time{}, time.Time{}
}

// Trades says which market trades in the window in an ordinary week; "" for none.
func (w Window) Trades(now time.Time, c *calendar.Calendar) string {
	for n := range 7 {
		from, to := w.Next(now.AddDate(0, 0, n))
		if week := c.Weekly(); !week.Quiet(from, to) {
			if open := market.Open(from, false, week); len(open) > 0 {
				return open[0].String()
			}
			at, who := market.Opens(from, week)
			return who + " open " + at.Format("Mon 15:04 MST")
		}
	}
	return ""
}

// noticeFrom is when the next window is told: on the evening before.
func noticeFrom(start time.Time) time.Time {
	return calendar.Midnight(start).Add(-6 * time.Hour)
}

func day(at time.Time) string { return at.In(market.IST).Format("Mon 2 Jan") }

func (w Window) on(at time.Time) string {
	return fmt.Sprintf("%s, between %s and %s IST", day(at), w.From, w.To)
}
