// Package market knows when the markets that OpenAlgo trades on are open, so
// that a stack is not taken down in the middle of a session without a word.
// It is pure: the time is handed in. Holidays are not known here.
package market

import (
	"fmt"
	"time"
)

// IST is the time of the exchanges; India has no summer time.
var IST = time.FixedZone("IST", 5*3600+1800)

// Session is a market that is open.
type Session struct {
	Name string    // "NSE and BSE"
	Ends time.Time // zero: it never closes
}

func (s Session) String() string {
	if s.Ends.IsZero() {
		return s.Name + " trade around the clock"
	}
	return fmt.Sprintf("%s trade until %s", s.Name, s.Ends.In(IST).Format("15:04 MST"))
}

// hours are the sessions of a weekday, minutes from midnight IST. The one from
// 09:00 counts its pre-open.
var hours = []struct {
	name     string
	from, to int
}{
	{"NSE and BSE", 9 * 60, 15*60 + 30},
	{"MCX commodities", 9 * 60, 23*60 + 30},
}

// Open lists the sessions that are open at a time, those that end first coming
// first. With a crypto broker the market never closes, and is the only one.
func Open(now time.Time, crypto bool) []Session {
	if crypto {
		return []Session{{Name: "crypto markets"}}
	}
	now = now.In(IST)
	if day := now.Weekday(); day == time.Saturday || day == time.Sunday {
		return nil
	}
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, IST)
	minute := now.Hour()*60 + now.Minute()
	var out []Session
	for _, h := range hours {
		if minute >= h.from && minute < h.to {
			out = append(out, Session{h.name, midnight.Add(time.Duration(h.to) * time.Minute)})
		}
	}
	return out
}

// Next is the next time at which a clock in India shows HH:MM.
func Next(now time.Time, clock string) (time.Time, error) {
	at, err := time.ParseInLocation("15:04", clock, IST)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a time of day: write HH:MM in Indian time, for example 16:00", clock)
	}
	now = now.In(IST)
	next := time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), 0, 0, IST)
	if !next.After(now) {
		next = next.AddDate(0, 0, 1)
	}
	return next, nil
}
