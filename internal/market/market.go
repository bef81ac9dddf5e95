// Package market knows when the markets that OpenAlgo trades on are open, so
// that a stack is not taken down in the middle of a session without a word.
// It is pure: the time is handed in. Holidays are not known here.
package market

import (
	"fmt"
	"strings"
	"time"
)

// IST is the time of the exchanges; India has no summer time.
var IST = time.FixedZone("IST", 5*3600+1800)

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

// Describe says in one phrase which sessions are open: "NSE and BSE trade until
// 15:30 IST, MCX commodities until 23:30".
func Describe(open []Session) string {
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

const opens = 9 * 60 // counts the pre-open

// hours are the sessions of a weekday in the order in which they end, which is
// in minutes from midnight IST.
var hours = []struct {
	name, short string
	ends        func(day time.Time) int
}{
	{"NSE and BSE", "NSE/BSE", always(15*60 + 30)},
	{"NSE and BSE F&O", "F&O", always(15*60 + 40)}, // since 3 August 2026
	{"currency derivatives", "currency", always(17 * 60)},
	{"MCX commodities", "MCX", commoditiesEnd},
}

func always(minute int) func(time.Time) int { return func(time.Time) int { return minute } }

// commoditiesEnd follows the markets of the United States: MCX trades 25
// minutes longer while it is winter there.
func commoditiesEnd(day time.Time) int {
	if americanSummer(day) {
		return 23*60 + 30
	}
	return 23*60 + 55
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

// Open lists the sessions that are open at a time, those that end first coming
// first. With a crypto broker the market never closes, and is the only one.
func Open(now time.Time, crypto bool) []Session {
	if crypto {
		return []Session{{Name: "crypto markets", Short: "crypto"}}
	}
	now = now.In(IST)
	if day := now.Weekday(); day == time.Saturday || day == time.Sunday {
		return nil
	}
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, IST)
	minute := now.Hour()*60 + now.Minute()
	var out []Session
	for _, h := range hours {
		if ends := h.ends(midnight); minute >= opens && minute < ends {
			out = append(out, Session{h.name, h.short, midnight.Add(time.Duration(ends) * time.Minute)})
		}
	}
	return out
}

// Opens is when the first session begins next, where none is open.
func Opens(now time.Time) time.Time {
	now = now.In(IST)
	at := time.Date(now.Year(), now.Month(), now.Day(), 0, opens, 0, 0, IST)
	for !at.After(now) || at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
		at = at.AddDate(0, 0, 1)
	}
	return at
}

// Next is the next time at which a clock in India shows HH:MM.
func Next(now time.Time, clock string) (time.Time, error) {
	at, err := time.ParseInLocation("15:04", clock, IST)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a time of day: write HH:MM in IST, for example 16:00", clock)
	}
	now = now.In(IST)
	next := time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), 0, 0, IST)
	if !next.After(now) {
		next = next.AddDate(0, 0, 1)
	}
	return next, nil
}
