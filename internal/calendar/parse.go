package calendar

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Line begins the line with which the script in the container says what its database
// has; JSON follows.
const Line = "openalgo-install calendar:"

// What is read of a container is bounded.
const (
	maxText   = 256 << 10
	maxDays   = 1000
	maxOnADay = 64
	maxHours  = 64
	maxName   = 60
	shortest  = time.Hour // of usual hours: shorter ones, in another unit, would take the market for closed
)

// said is that JSON.
type said struct {
	Hours []struct {
		Exchange string `json:"exchange"`
		Start    int64  `json:"start"` // ms from midnight
		End      int64  `json:"end"`
	} `json:"hours"`
	Days []saidDay `json:"days"`
}

type saidDay struct {
	Date      string `json:"date"`
	Type      string `json:"type"`
	Name      string `json:"name"`
	Exchanges []struct {
		Exchange string `json:"exchange"`
		Open     bool   `json:"open"`
		Start    int64  `json:"start"` // ms since 1970, 0: the usual hours
		End      int64  `json:"end"`
	} `json:"exchanges"`
}

// Parse reads what the script in the container printed, at a time. It is not trusted:
// what makes no sense is left out, so that an exchange has its usual hours then.
func Parse(text string, read time.Time) (*Calendar, error) {
	line, err := find(text)
	if err != nil {
		return nil, err
	}
	var got said
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		return nil, fmt.Errorf("the calendar could not be read: %w", err)
	}
	if len(got.Days) > maxDays || len(got.Hours) > maxHours {
		return nil, fmt.Errorf("the calendar is too large: it has %d days and %d exchanges", len(got.Days), len(got.Hours))
	}
	c := &Calendar{Read: read, hours: map[string]hours{}, days: map[string]day{}}
	for _, h := range got.Hours {
		start, end := time.Duration(h.Start)*time.Millisecond, time.Duration(h.End)*time.Millisecond
		isDay := h.Start >= 0 && h.End-h.Start >= shortest.Milliseconds() && h.End <= (24*time.Hour).Milliseconds()
		if isDay && slices.Contains(Exchanges, h.Exchange) {
			c.hours[h.Exchange] = hours{start, end}
		}
	}
	for _, d := range got.Days {
		c.add(d)
	}
	return c, nil
}

// find returns the JSON of the script's line.
func find(text string) (string, error) {
	if len(text) > maxText {
		return "", errors.New("the calendar is too large")
	}
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, Line); ok {
			return rest, nil
		}
	}
	return "", errors.New("OpenAlgo said nothing of its calendar")
}

// add takes a day over. Where two rows are of one day, a session beats a holiday: to
// take a day for closed that is not may cost money.
func (c *Calendar) add(d saidDay) {
	at, err := time.ParseInLocation(time.DateOnly, d.Date, IST)
	if err != nil || len(d.Exchanges) > maxOnADay {
		return
	}
	date := at.Format(time.DateOnly)
	was := c.days[date]
	if was.exchanges == nil {
		was.exchanges = map[string][]span{}
	}
	name := []rune(printable.Line(d.Name))
	if was.name == "" || d.Type == "SPECIAL_SESSION" {
		was.name = strings.TrimSpace(string(name[:min(len(name), maxName)]))
	}
	if d.Type == "TRADING_HOLIDAY" || d.Type == "SPECIAL_SESSION" { // banks alone have any other holiday
		for _, e := range d.Exchanges {
			if !slices.Contains(Exchanges, e.Exchange) {
				continue
			}
			spans := was.exchanges[e.Exchange]
			if spans == nil {
				spans = []span{}
			}
			if e.Open {
				spans = append(spans, spanOf(at, e.Start, e.End))
			}
			was.exchanges[e.Exchange] = spans
		}
	}
	c.days[date] = was
}

// spanOf is a session on a day, which begins there and is over within a day. Any other
// one has the usual hours: rows of OpenAlgo's own 2025 have times of another day.
func spanOf(midnight time.Time, start, end int64) span {
	s := span{time.UnixMilli(start).In(IST), time.UnixMilli(end).In(IST)}
	if s.start.Before(midnight) || !s.start.Before(midnight.AddDate(0, 0, 1)) || !s.end.After(s.start) || s.end.After(s.start.Add(24*time.Hour)) {
		return span{}
	}
	return s
}
