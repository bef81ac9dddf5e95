package market

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Next is the next time at which a clock in India shows HH:MM.
func Next(now time.Time, clock string) (time.Time, error) {
	hour, minute, err := parseClock(clock)
	if err != nil {
		return time.Time{}, err
	}
	next := onDay(now.In(IST), hour, minute)
	if !next.After(now) {
		next = onDay(next.AddDate(0, 0, 1), hour, minute)
	}
	return next, nil
}

func parseClock(clock string) (hour, minute int, err error) {
	at, err := time.ParseInLocation("15:04", clock, IST)
	if err != nil {
		return 0, 0, fmt.Errorf("%q is not a time of day: write HH:MM in IST, for example 16:00", clock)
	}
	return at.Hour(), at.Minute(), nil
}

func onDay(day time.Time, hour, minute int) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, IST)
}

// longest is how far ahead a time may be.
const longest = 31 * 24 * time.Hour

// When is the time that a person means by "16:00", "tomorrow 06:30", "Saturday 10:00",
// "28 Nov 10:00" or "2026-11-28 10:00", in India. It is after now.
func When(now time.Time, text string) (time.Time, error) {
	words := strings.Fields(strings.ReplaceAll(text, ",", " "))
	if len(words) < 2 {
		return Next(now, strings.TrimSpace(text))
	}
	hour, minute, err := parseClock(words[len(words)-1])
	if err != nil {
		return time.Time{}, err
	}
	now = now.In(IST)
	at, err := dayNamed(now, words[:len(words)-1], hour, minute)
	switch {
	case err != nil:
		return time.Time{}, err
	case !at.After(now):
		return time.Time{}, fmt.Errorf("%s is over", Text(at))
	case at.Sub(now) > longest:
		return time.Time{}, fmt.Errorf("%s is too far ahead: choose a time in the next 31 days", Text(at))
	}
	return at, nil
}

var errNoDay = errors.New(`not a day: write "16:00", "tomorrow 06:30", "Saturday 10:00", "28 Nov 10:00" or "2026-11-28 10:00", in IST`)

// dayNamed is a time on the day that words name.
func dayNamed(now time.Time, words []string, hour, minute int) (time.Time, error) {
	word := strings.ToLower(strings.Join(words, " "))
	switch word {
	case "today":
		return onDay(now, hour, minute), nil
	case "tomorrow":
		return onDay(now.AddDate(0, 0, 1), hour, minute), nil
	}
	for day := time.Sunday; day <= time.Saturday; day++ {
		if name := strings.ToLower(day.String()); word != name && word != name[:3] {
			continue
		}
		at := onDay(now.AddDate(0, 0, (int(day-now.Weekday())+7)%7), hour, minute)
		if !at.After(now) {
			at = onDay(at.AddDate(0, 0, 7), hour, minute)
		}
		return at, nil
	}
	for _, form := range []string{time.DateOnly, "2 Jan 2006", "2 January 2006"} {
		if day, err := time.ParseInLocation(form, word, IST); err == nil {
			return onDay(day, hour, minute), nil
		}
	}
	for _, form := range []string{"2 Jan", "2 January"} {
		// A leap year, for 29 February.
		day, err := time.ParseInLocation(form+" 2006", word+" 2024", IST)
		if err != nil {
			continue
		}
		at := time.Date(now.Year(), day.Month(), day.Day(), hour, minute, 0, 0, IST)
		if !at.After(now) {
			at = time.Date(now.Year()+1, day.Month(), day.Day(), hour, minute, 0, 0, IST)
		}
		return at, nil
	}
	return time.Time{}, fmt.Errorf("%q is %w", strings.Join(words, " "), errNoDay)
}
