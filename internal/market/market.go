// Package market knows when the markets that OpenAlgo trades on are open, so
// that a stack is not taken down in the middle of a session without a word.
// It is pure: the time is handed in, and the calendar of holidays.
package market

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/order"
)

// IST is the time of the exchanges; India has no summer time.
var IST = calendar.IST

// Text is a time for a person, in IST.
func Text(t time.Time) string { return t.In(IST).Format("2 Jan 2006, 15:04 MST") }

// Day is the day of a time for a person, in IST.
func Day(t time.Time) string { return t.In(IST).Format("2 Jan 2006") }

// Session is a market that is open.
type Session struct {
	Name  string    // "NSE and BSE"
	Short string    // "NSE/BSE"
	Ends  time.Time // zero: it never closes
}

func (s Session) String() string {
	if s.Ends.IsZero() {
		return s.Name + " trade around the clock"
	}
	return fmt.Sprintf("%s trade until %s", s.Name, s.Ends.In(IST).Format("15:04 MST"))
}

// Describe says in one phrase which sessions are open, and what tells that: "NSE and
// BSE trade until 15:30 IST, MCX commodities until 23:30 (holidays of 2026 from ...)".
func Describe(open []Session, now time.Time, c *calendar.Calendar) string {
	text := List(open)
	if len(open) > 0 && !open[0].Ends.IsZero() {
		text += " (" + Source(now, now, c) + ")"
	}
	return text
}

// List is Describe without the source.
func List(open []Session) string {
	var out strings.Builder
	for i, s := range open {
		switch {
		case i == 0:
			out.WriteString(s.String())
		case s.Ends.IsZero():
			out.WriteString(", " + s.String())
		default:
			out.WriteString(", " + s.Name + " until " + s.Ends.In(IST).Format("15:04"))
		}
	}
	return out.String()
}

// groups are the markets that a person knows, and the exchanges of each.
var groups = []struct {
	name, short string
	exchanges   []string
}{
	{"NSE and BSE", "NSE/BSE", []string{"NSE", "BSE"}},
	{"NSE and BSE F&O", "F&O", []string{"NFO", "BFO"}},
	{"currency derivatives", "currency", []string{"CDS", "BCD"}},
	{"MCX commodities", "MCX", []string{"MCX", "NCO"}},
}

// Open lists the sessions that are open at a time by a calendar, those that end first
// coming first. nil is the calendar that knows no holidays. With a crypto broker the
// market never closes, and is the only one.
func Open(now time.Time, crypto bool, c *calendar.Calendar) []Session {
	if crypto {
		return []Session{{Name: "crypto markets", Short: "crypto"}}
	}
	open := c.Open(now)
	var out []Session
	for _, g := range groups {
		var ends time.Time
		for _, s := range open {
			if slices.Contains(g.exchanges, s.Exchange) && s.Ends.After(ends) {
				ends = s.Ends
			}
		}
		if !ends.IsZero() {
			out = append(out, Session{g.name, g.short, ends.In(IST)})
		}
	}
	order.By(out, func(a, b Session) int { return a.Ends.Compare(b.Ends) })
	return out
}

// Opens is when the first session begins next, and the market that it is of.
func Opens(now time.Time, c *calendar.Calendar) (time.Time, string) {
	at := c.Next(now).In(IST)
	for _, s := range c.Sessions(at) {
		for _, g := range groups {
			if s.Start.Equal(at) && slices.Contains(g.exchanges, s.Exchange) {
				return at, g.name
			}
		}
	}
	return at, "markets"
}

// Source says in one phrase what tells which days are holidays in the year of a time.
func Source(at, now time.Time, c *calendar.Calendar) string {
	year := at.In(IST).Year()
	if c == nil {
		return "weekdays count as open: holidays are not known"
	}
	read := "read on " + Day(c.Read)
	if Day(c.Read) == Day(now) {
		read = "read today"
	}
	if !c.Knows(year) {
		return fmt.Sprintf("weekdays count as open: OpenAlgo's own calendar, %s, has no holidays of %d", read, year)
	}
	return fmt.Sprintf("holidays of %d from OpenAlgo's own calendar, %s", year, read)
}

// Closed says in one phrase that no market is open at a time, why where the day is a
// holiday, and when the next one opens.
func Closed(now time.Time, c *calendar.Calendar) string {
	text := "markets are closed"
	if name := c.Special(now); name != "" {
		text += " (" + name + ")"
	}
	at, who := Opens(now, c)
	if at.IsZero() {
		return text
	}
	return text + ", " + who + " open " + at.Format("Mon 2 Jan, 15:04 MST")
}
