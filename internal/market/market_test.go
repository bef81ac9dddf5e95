package market_test

import (
	"strings"
	"testing"
	"time"

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
	// 2026-11-23 is a Monday.
	for now, want := range map[string]string{
		"2026-11-23 08:59:59": "",
		"2026-11-23 09:00:00": "NSE and BSE trade until 15:30 IST; MCX commodities trade until 23:30 IST",
		"2026-11-27 15:29:59": "NSE and BSE trade until 15:30 IST; MCX commodities trade until 23:30 IST",
		"2026-11-27 15:30:00": "MCX commodities trade until 23:30 IST",
		"2026-11-27 23:29:59": "MCX commodities trade until 23:30 IST",
		"2026-11-27 23:30:00": "",
		"2026-11-28 11:00:00": "",
		"2026-11-29 11:00:00": "",
		"2026-11-30 00:10:00": "",
	} {
		var got []string
		for _, s := range market.Open(at(t, now), false) {
			got = append(got, s.String())
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%s: %q, want %q", now, got, want)
		}
		if crypto := market.Open(at(t, now), true); len(crypto) != 1 || crypto[0].String() != "crypto markets trade around the clock" {
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
