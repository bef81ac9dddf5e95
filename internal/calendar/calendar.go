// Package calendar knows the sessions of the Indian exchanges day by day: their usual
// hours, and the holidays and special sessions that OpenAlgo keeps in its own database.
// It is pure: the time is handed in, and kept reads what the database says.
package calendar

import (
	"slices"
	"time"
)

// IST is the time of the exchanges; India has no summer time.
var IST = time.FixedZone("IST", 5*3600+1800)

// Calendar is what OpenAlgo's database says of holidays and hours. A nil one knows no
// holidays, and the usual hours.
type Calendar struct {
	Read  time.Time // when it was read
	hours map[string]hours
	days  map[string]day // by date
}

// hours are a session's begin and end, from midnight IST.
type hours struct{ start, end time.Duration }

// day is what is special about a day. An exchange that it does not name trades as
// on any other day.
type day struct {
	name      string
	exchanges map[string][]span
}

// span is a session of one exchange. One without times has the usual hours.
type span struct{ start, end time.Time }

// Session is the time in which an exchange trades.
type Session struct {
	Exchange    string
	Start, Ends time.Time
}

// Exchanges are those of India that OpenAlgo trades on.
var Exchanges = []string{"NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX", "NCO"}

// preOpen is how long before its session an exchange takes orders.
var preOpen = map[string]time.Duration{"NSE": 15 * time.Minute, "BSE": 15 * time.Minute, "NFO": 15 * time.Minute, "BFO": 15 * time.Minute}

// mirrors names the exchange whose holidays another one has: OpenAlgo lists none for NCO.
var mirrors = map[string]string{"NCO": "MCX"}

func clock(hour, minute int) time.Duration {
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
}

// usual are the hours of an exchange where OpenAlgo's table has none.
func usual(exchange string, day time.Time) hours {
	switch exchange {
	case "NSE", "BSE":
		return hours{clock(9, 15), clock(15, 30)}
	case "NFO", "BFO":
		return hours{clock(9, 15), clock(15, 40)} // since 3 August 2026
	case "CDS", "BCD":
		return hours{clock(9, 0), clock(17, 0)}
	}
	// Commodities follow the markets of the United States, and trade 25 minutes longer
	// while it is winter there.
	if americanSummer(day) {
		return hours{clock(9, 0), clock(23, 30)}
	}
	return hours{clock(9, 0), clock(23, 55)}
}

// americanSummer reports whether the clocks of the United States show summer
// time on a day: from the second Sunday of March to the first of November.
func americanSummer(day time.Time) bool {
	day = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
	return !day.Before(sunday(day.Year(), time.March, 2)) && day.Before(sunday(day.Year(), time.November, 1))
}

// sunday is the n-th Sunday of a month.
func sunday(year int, month time.Month, n int) time.Time {
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 0, (7-int(first.Weekday()))%7+7*(n-1))
}

// Midnight is when the day of a time began in India.
func Midnight(at time.Time) time.Time {
	at = at.In(IST)
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, IST)
}

func (c *Calendar) dayOf(at time.Time) (day, bool) {
	if c == nil {
		return day{}, false
	}
	d, ok := c.days[at.In(IST).Format(time.DateOnly)]
	return d, ok
}

// Knows reports whether the calendar has holidays of a year. Of a year that it has
// none of, all weekdays count as open.
func (c *Calendar) Knows(year int) bool {
	if c == nil {
		return false
	}
	for date := range c.days {
		if at, err := time.Parse(time.DateOnly, date); err == nil && at.Year() == year {
			return true
		}
	}
	return false
}

// Special is the name that OpenAlgo gives a day: a holiday, a special session. "" is
// a day like others.
func (c *Calendar) Special(at time.Time) string {
	d, _ := c.dayOf(at)
	return d.name
}

// Weekly is the calendar without its days: the hours of every week.
func (c *Calendar) Weekly() *Calendar {
	if c == nil {
		return nil
	}
	return &Calendar{Read: c.Read, hours: c.hours}
}

// Sessions lists the sessions that begin on the day of a time, in India.
func (c *Calendar) Sessions(at time.Time) (out []Session) {
	midnight := Midnight(at)
	for _, exchange := range Exchanges {
		for _, s := range c.spans(exchange, midnight) {
			out = append(out, Session{exchange, s.start.Add(-preOpen[exchange]), s.end})
		}
	}
	return out
}

// spans are the sessions of an exchange on one day.
func (c *Calendar) spans(exchange string, midnight time.Time) []span {
	always := c.usual(exchange, midnight)
	d, isSpecial := c.dayOf(midnight)
	spans, named := d.exchanges[exchange]
	if !named {
		spans, named = d.exchanges[mirrors[exchange]]
	}
	if isSpecial && named {
		spans = slices.Clone(spans)
		for n, s := range spans {
			if s.start.IsZero() {
				spans[n] = always
			}
		}
		return spans
	}
	if weekday := midnight.Weekday(); weekday == time.Saturday || weekday == time.Sunday {
		return nil
	}
	return []span{always}
}

func (c *Calendar) usual(exchange string, midnight time.Time) span {
	h := usual(exchange, midnight)
	if c != nil {
		if own, ok := c.hours[exchange]; ok {
			h = own
		}
	}
	return span{midnight.Add(h.start), midnight.Add(h.end)}
}

// Open lists the sessions that go on at a time. One of the day before may end after
// midnight.
func (c *Calendar) Open(now time.Time) (out []Session) {
	for _, s := range append(c.Sessions(now.AddDate(0, 0, -1)), c.Sessions(now)...) {
		if !now.Before(s.Start) && now.Before(s.Ends) {
			out = append(out, s)
		}
	}
	return out
}

// farthest is how many days ahead Next looks: no exchange is closed for longer.
const farthest = 14

// Next is when the next session begins after a time; zero where none does within two
// weeks.
func (c *Calendar) Next(now time.Time) (next time.Time) {
	for n := range farthest {
		for _, s := range c.Sessions(now.AddDate(0, 0, n)) {
			if s.Start.After(now) && (next.IsZero() || s.Start.Before(next)) {
				next = s.Start
			}
		}
		if !next.IsZero() {
			return next
		}
	}
	return next
}

// Trades reports whether any exchange has a session on the day of a time.
func (c *Calendar) Trades(at time.Time) bool { return len(c.Sessions(at)) > 0 }

// Quiet reports whether no exchange trades at any time from one to another.
func (c *Calendar) Quiet(from, to time.Time) bool {
	if len(c.Open(from)) > 0 {
		return false
	}
	next := c.Next(from)
	return next.IsZero() || !next.Before(to)
}
