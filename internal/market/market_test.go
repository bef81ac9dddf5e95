package market_test

import (
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/market"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.ParseInLocation("2006-01-02 15:04:05", text, market.IST)
	if err != nil {
		t.Fatal(err)
	}
	return when.UTC() // as a server's clock has it
}

func TestOpen(t *testing.T) {
	const (
		winter = "MCX commodities until 23:55"
		summer = "MCX commodities until 23:30"
		rest   = ", NSE and BSE F&O until 15:40, currency derivatives until 17:00, "
		nse    = "NSE and BSE trade until 15:30 IST" + rest
	)
	// 2026-11-23 is a Monday.
	for now, want := range map[string]string{
		"2026-11-23 08:59:59": "",
		"2026-11-23 09:00:00": nse + winter,
		"2026-11-27 15:29:59": nse + winter,
		"2026-11-27 15:30:00": "NSE and BSE F&O trade until 15:40 IST, currency derivatives until 17:00, " + winter,
		"2026-11-27 15:39:59": "NSE and BSE F&O trade until 15:40 IST, currency derivatives until 17:00, " + winter,
		"2026-11-27 15:40:00": "currency derivatives trade until 17:00 IST, " + winter,
		"2026-11-27 16:59:59": "currency derivatives trade until 17:00 IST, " + winter,
		"2026-11-27 17:00:00": "MCX commodities trade until 23:55 IST",
		"2026-11-27 23:54:59": "MCX commodities trade until 23:55 IST",
		"2026-11-27 23:55:00": "",
		"2026-11-28 11:00:00": "",
		"2026-11-29 11:00:00": "",
		"2026-11-30 00:10:00": "",
		// The clocks of the United States change on 8 March and 1 November 2026,
		// 14 March and 7 November 2027.
		"2026-03-06 23:45:00": "MCX commodities trade until 23:55 IST",
		"2026-03-09 23:29:59": "MCX commodities trade until 23:30 IST",
		"2026-03-09 23:30:00": "",
		"2026-07-01 10:00:00": nse + summer,
		"2026-10-30 23:45:00": "",
		"2026-11-02 23:45:00": "MCX commodities trade until 23:55 IST",
		"2027-03-12 23:45:00": "MCX commodities trade until 23:55 IST",
		"2027-03-15 23:45:00": "",
		"2027-11-05 23:45:00": "",
		"2027-11-08 23:45:00": "MCX commodities trade until 23:55 IST",
		"2028-03-13 23:45:00": "", // 1 March is a Wednesday
		"2029-03-12 23:45:00": "", // 11 March, the second Sunday
	} {
		if got := market.List(market.Open(at(t, now), false, nil)); got != want {
			t.Errorf("%s: %q, want %q", now, got, want)
		}
		if crypto := market.List(market.Open(at(t, now), true, nil)); crypto != "crypto markets trade around the clock" {
			t.Errorf("%s: crypto %v", now, crypto)
		}
	}
}

func TestNext(t *testing.T) {
	for _, c := range []struct{ now, clock, want string }{
		{"2026-11-23 09:30:00", "16:00", "2026-11-23 16:00:00"},
		{"2026-11-23 16:00:00", "16:00", "2026-11-24 16:00:00"},
		{"2026-11-30 23:00:00", "00:05", "2026-12-01 00:05:00"},
	} {
		got, err := market.Next(at(t, c.now), c.clock)
		if err != nil || !got.Equal(at(t, c.want)) {
			t.Errorf("after %s comes %s at %v, %v; want %s", c.now, c.clock, got, err, c.want)
		}
	}
	for _, wrong := range []string{"", "4pm", "24:00", "16", "16:60", "16:00:00"} {
		if _, err := market.Next(time.Now(), wrong); err == nil || !strings.Contains(err.Error(), "16:00") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestOpens(t *testing.T) {
	for now, want := range map[string]string{
		"2026-11-26 08:00": "2026-11-26 09:00", "2026-11-26 23:56": "2026-11-27 09:00", "2026-11-27 23:56": "2026-11-30 09:00", "2026-11-28 12:00": "2026-11-30 09:00",
	} {
		at, _ := time.ParseInLocation("2006-01-02 15:04", now, market.IST)
		if got, who := market.Opens(at, nil); got.Format("2006-01-02 15:04") != want || who != "NSE and BSE" {
			t.Errorf("%s: %s, %s", now, got, who)
		}
	}
}

const gurpurb = calendar.Line + ` {"hours": [], "days": [{"date": "2026-11-24", "type": "TRADING_HOLIDAY", "name": "Gurpurb", "exchanges": [
	{"exchange": "NSE"}, {"exchange": "BSE"}, {"exchange": "NFO"}, {"exchange": "BFO"}, {"exchange": "CDS"}, {"exchange": "BCD"},
	{"exchange": "MCX", "open": true, "start": 1795519800000, "end": 1795544700000}]}]}`

func TestByACalendar(t *testing.T) {
	c, err := calendar.Parse(strings.ReplaceAll(gurpurb, "\n", " "), at(t, "2026-11-23 10:00:00"))
	if err != nil {
		t.Fatal(err)
	}
	morning, evening := at(t, "2026-11-24 10:00:00"), at(t, "2026-11-24 18:00:00")
	if open := market.Open(morning, false, c); open != nil {
		t.Error(open)
	}
	if got := market.Closed(morning, c); got != "markets are closed (Gurpurb), MCX commodities open Tue 24 Nov, 17:00 IST" {
		t.Error(got)
	}
	if got := market.Describe(market.Open(evening, false, c), evening, c); got != "MCX commodities trade until 23:55 IST (holidays of 2026 from OpenAlgo's own calendar, read on 23 Nov 2026)" {
		t.Error(got)
	}
	for want, got := range map[string]string{
		"holidays of 2026 from OpenAlgo's own calendar, read today":                            market.Source(morning, c.Read, c),
		"weekdays count as open: OpenAlgo's own calendar, read today, has no holidays of 2027": market.Source(morning.AddDate(1, 0, 0), c.Read, c),
		"weekdays count as open: holidays are not known":                                       market.Source(morning, morning, nil),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestWhen(t *testing.T) {
	const now = "2026-11-26 12:00:00" // a Thursday
	for text, want := range map[string]string{
		"16:00":             "2026-11-26 16:00:00",
		" 11:00 ":           "2026-11-27 11:00:00",
		"today 12:01":       "2026-11-26 12:01:00",
		"tomorrow 06:30":    "2026-11-27 06:30:00",
		"Saturday 10:00":    "2026-11-28 10:00:00",
		"sat, 10:00":        "2026-11-28 10:00:00",
		"THU 12:00":         "2026-12-03 12:00:00",
		"Thursday 12:01":    "2026-11-26 12:01:00",
		"28 Nov 10:00":      "2026-11-28 10:00:00",
		"1 december 00:05":  "2026-12-01 00:05:00",
		"2026-12-05 06:00":  "2026-12-05 06:00:00",
		"5 Dec 2026, 06:00": "2026-12-05 06:00:00",
	} {
		got, err := market.When(at(t, now), text)
		if err != nil || !got.Equal(at(t, want)) {
			t.Errorf("%q is %v, %v; want %s", text, got, err, want)
		}
	}
	for _, wrong := range []string{"", "Saturday", "Saturday 25:00", "today 11:00", "someday 10:00", "2026-11-20 10:00", "2027-03-01 10:00", "26 Nov 11:00", "31 Feb 10:00", "sat sun 10:00"} {
		if got, err := market.When(at(t, now), wrong); err == nil {
			t.Errorf("%q is %v", wrong, got)
		}
	}
	if got, err := market.When(at(t, "2026-12-30 12:00:00"), "2 Jan 10:00"); err != nil || !got.Equal(at(t, "2027-01-02 10:00:00")) {
		t.Error(got, err)
	}
}
