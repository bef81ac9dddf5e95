package calendar

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.ParseInLocation("2006-01-02 15:04", text, IST)
	if err != nil {
		t.Fatal(err)
	}
	return when.UTC() // as a server's clock has it
}

// real is what the script printed in a container of OpenAlgo 2.0.2.1, on a database
// that OpenAlgo itself had made.
func real(t testing.TB) *Calendar {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "openalgo-2.0.2.1.txt"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(string(text), time.Date(2026, 11, 26, 18, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func open(c *Calendar, now time.Time) string {
	var out []string
	for _, s := range c.Open(now) {
		out = append(out, s.Exchange+" "+s.Ends.In(IST).Format("15:04"))
	}
	return strings.Join(out, ", ")
}

const (
	cash       = "NSE 15:30, BSE 15:30"
	futures    = "NFO 15:40, BFO 15:40"
	currency   = "CDS 17:00, BCD 17:00"
	commodity  = "MCX 23:55, NCO 23:55"
	everything = cash + ", " + futures + ", " + currency + ", " + commodity
)

// A trading week with a holiday, then Muhurat past midnight, a weekend, and the turn of
// the year, of which OpenAlgo 2.0.2.1 knows nothing.
func TestOpen(t *testing.T) {
	t.Parallel()
	c := real(t)
	muhurat := "NSE 19:15, BSE 19:15, NFO 19:15, BFO 19:15, CDS 19:15, BCD 19:15, MCX 00:15, NCO 00:15"
	for _, test := range []struct{ now, want string }{
		{"2026-11-23 08:59", ""},
		{"2026-11-23 09:00", everything}, // with the pre-open
		{"2026-11-23 15:30", futures + ", " + currency + ", " + commodity},
		{"2026-11-23 15:40", currency + ", " + commodity},
		{"2026-11-23 17:00", commodity},
		{"2026-11-23 23:55", ""},
		{"2026-11-24 10:00", ""}, // Gurpurb
		{"2026-11-24 16:59", ""},
		{"2026-11-24 17:00", commodity},
		{"2026-11-25 10:00", everything},
		{"2026-11-27 10:00", everything},
		{"2026-11-28 10:00", ""},
		{"2026-11-29 10:00", ""},
		{"2026-11-07 18:30", ""},
		{"2026-11-08 17:44", ""}, // a Sunday
		{"2026-11-08 18:30", muhurat},
		{"2026-11-08 19:15", "MCX 00:15, NCO 00:15"},
		{"2026-11-09 00:14", "MCX 00:15, NCO 00:15"},
		{"2026-11-09 00:15", ""},
		{"2026-11-09 10:00", everything},
		{"2026-10-02 18:00", ""},        // NCO is in no row: it follows MCX
		{"2026-07-01 23:45", commodity}, // OpenAlgo's own table has no summer time
		{"2026-12-25 10:00", ""},
		{"2026-12-31 10:00", everything},
		{"2027-01-01 10:00", everything}, // not known
		{"2027-01-26 10:00", everything},
		{"2027-01-02 10:00", ""},
	} {
		if got := open(c, at(t, test.now)); got != test.want {
			t.Errorf("%s: %q, want %q", test.now, got, test.want)
		}
	}
	if !c.Knows(2026) || c.Knows(2027) || c.Special(at(t, "2026-12-25 10:00")) != "Christmas" {
		t.Error("it does not know which years it has")
	}
	if c.Trades(at(t, "2026-12-25 10:00")) || !c.Trades(at(t, "2026-11-24 10:00")) || c.Trades(at(t, "2026-11-28 10:00")) {
		t.Error("trading days are wrong")
	}
	if got := open(c.Weekly(), at(t, "2026-11-24 10:00")); got != everything {
		t.Errorf("each week: %s", got)
	}
}

// Without a calendar weekdays count as open, by the usual hours.
func TestWithout(t *testing.T) {
	t.Parallel()
	var c *Calendar
	for now, want := range map[string]string{
		"2026-11-24 10:00": everything,
		"2026-11-28 10:00": "",
		"2026-07-01 23:29": "MCX 23:30, NCO 23:30",
		"2026-07-01 23:45": "",
		"2026-11-24 23:45": commodity,
	} {
		if got := open(c, at(t, now)); got != want {
			t.Errorf("%s: %q, want %q", now, got, want)
		}
	}
	if c.Knows(2026) || c.Weekly() != nil || c.Special(at(t, "2026-11-24 10:00")) != "" {
		t.Error("no calendar knows something")
	}
}

func TestNextAndQuiet(t *testing.T) {
	t.Parallel()
	c := real(t)
	for now, want := range map[string]string{
		"2026-11-23 08:00": "2026-11-23 09:00",
		"2026-11-23 23:56": "2026-11-24 17:00", // the evening of a holiday
		"2026-11-07 12:00": "2026-11-08 17:45", // Muhurat on a Sunday, and its pre-open
		"2026-11-27 23:56": "2026-11-30 09:00",
		"2026-12-24 23:56": "2026-12-28 09:00",
	} {
		if got := c.Next(at(t, now)); !got.Equal(at(t, want)) {
			t.Errorf("%s: %s, want %s", now, got.In(IST), want)
		}
	}
	for _, test := range []struct {
		from, to string
		want     bool
	}{
		{"2026-11-28 06:00", "2026-11-28 20:00", true},
		{"2026-11-08 06:00", "2026-11-08 08:00", true},
		{"2026-11-08 06:00", "2026-11-08 18:00", false},
		{"2026-11-24 06:00", "2026-11-24 16:00", true},
		{"2026-11-23 10:00", "2026-11-23 11:00", false},
	} {
		if got := c.Quiet(at(t, test.from), at(t, test.to)); got != test.want {
			t.Errorf("%s to %s: %v", test.from, test.to, got)
		}
	}
}

// What a container says is not trusted: each of these leaves an exchange its usual hours.
func TestOddRows(t *testing.T) {
	t.Parallel()
	const monday = "2026-11-23 10:00"
	for name, test := range map[string]struct{ hours, days, now, want string }{
		"hours of its own":        {`{"exchange":"NSE","start":36000000,"end":39600000}`, "", "2026-11-23 10:30", "NSE 11:00, BSE 15:30"},
		"hours that end first":    {`{"exchange":"NSE","start":39600000,"end":36000000}`, "", monday, cash},
		"hours of two days":       {`{"exchange":"NSE","start":0,"end":172800000}`, "", monday, cash},
		"hours in seconds":        {`{"exchange":"NSE","start":33300,"end":55800}`, "", monday, cash},
		"hours before midnight":   {`{"exchange":"NSE","start":-1,"end":39600000}`, "", monday, cash},
		"an unknown exchange":     {`{"exchange":"NYSE","start":0,"end":39600000}`, "", monday, cash},
		"closed":                  {"", `"TRADING_HOLIDAY","exchanges":[{"exchange":"NSE"}]`, monday, "BSE 15:30"},
		"banks are closed":        {"", `"SETTLEMENT_HOLIDAY","exchanges":[{"exchange":"NSE"}]`, monday, cash},
		"a kind of later":         {"", `"OTHER","exchanges":[{"exchange":"NSE"}]`, monday, cash},
		"open without times":      {"", `"SPECIAL_SESSION","exchanges":[{"exchange":"NSE","open":true}]`, monday, cash},
		"open at another day":     {"", `"SPECIAL_SESSION","exchanges":[{"exchange":"NSE","open":true,"start":1730469000000,"end":1730473500000}]`, monday, cash},
		"open without end":        {"", `"SPECIAL_SESSION","exchanges":[{"exchange":"NSE","open":true,"start":1795406400000,"end":9223372036854775807}]`, monday, cash},
		"a session and a holiday": {"", `"TRADING_HOLIDAY","exchanges":[{"exchange":"NSE"}]},{"date":"2026-11-23","type":"SPECIAL_SESSION","exchanges":[{"exchange":"NSE","open":true}]`, monday, cash},
	} {
		days := ""
		if test.days != "" {
			days = `{"date":"2026-11-23","type":` + test.days + "}"
		}
		c, err := Parse(fmt.Sprintf("%s {\"hours\":[%s],\"days\":[%s]}\n", Line, test.hours, days), time.Time{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := open(c, at(t, test.now)); !strings.HasPrefix(got, test.want) || strings.Contains(got, "NSE") != strings.Contains(test.want, "NSE") {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	for _, text := range []string{"", "Traceback", Line, Line + " []", Line + ` {"days": 3}`, Line + ` {"hours": [` + strings.Repeat(`{},`, 70) + `{}]}`,
		Line + ` {"days": [` + strings.Repeat(`{},`, 2000) + `{}]}`, Line + strings.Repeat(" ", 1<<20) + "{}"} {
		if c, err := Parse(text, time.Time{}); err == nil {
			t.Errorf("%.40q: %v", text, c)
		}
	}
	c, err := Parse(Line+` {"days":[{"date":"2026-11-23","type":"TRADING_HOLIDAY","name":"\u001b[2Ja\nb`+strings.Repeat("x", 500)+`"}]}`, time.Time{})
	if name := c.Special(at(t, monday)); err != nil || len(name) > maxName || strings.ContainsAny(name, "\x1b\n") {
		t.Errorf("%q, %v", name, err)
	}
}

func FuzzParse(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "openalgo-2.0.2.1.txt"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text), int64(1795492800))
	f.Add(Line+` {"hours":[{"exchange":"MCX","start":0,"end":86400000}],"days":[{"date":"2026-11-23","type":"SPECIAL_SESSION","exchanges":[{"exchange":"MCX","open":true,"start":1,"end":2}]}]}`, int64(0))
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		c, err := Parse(text, time.Time{})
		if err != nil {
			return
		}
		now := time.Unix(unix%(1<<34), 0)
		for _, s := range append(c.Sessions(now), c.Open(now)...) {
			if !s.Ends.After(s.Start) || s.Ends.Sub(s.Start) > 25*time.Hour || !slices.Contains(Exchanges, s.Exchange) {
				t.Errorf("%+v", s)
			}
		}
		if next := c.Next(now); !next.IsZero() && !next.After(now) {
			t.Error(next)
		}
	})
}
