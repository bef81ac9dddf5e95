package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/market"
)

// The question about an open market follows OpenAlgo's calendar, and says so.
func TestAskByTheCalendar(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(calendar.Line+` {"days":[{"date":"2026-11-24","type":"TRADING_HOLIDAY","exchanges":[{"exchange":"NSE"},{"exchange":"BSE"},{"exchange":"NFO"},
		{"exchange":"BFO"},{"exchange":"CDS"},{"exchange":"BCD"},{"exchange":"MCX"}]},{"date":"2026-11-28","type":"SPECIAL_SESSION","exchanges":[{"exchange":"NSE","open":true}]}]}`, "\n", "")
	c, err := calendar.Parse(text, time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[int]string{23: "holidays of 2026", 24: "", 28: "NSE and BSE trade until 15:30 IST (holidays of 2026", 29: ""} {
		o := goodWorld(t)
		o.Now, o.Calendar = time.Date(2026, 11, day, 10, 0, 0, 0, market.IST), c
		asks := askWhileOpen(o, DownForGood)
		if want == "" && len(asks) > 0 || want != "" && (len(asks) != 1 || !strings.Contains(asks[0].Text, want)) {
			t.Errorf("on the %d.: %v, want %q", day, asks, want)
		}
	}
}
