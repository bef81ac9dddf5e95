package cli

import (
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/market"
)

func TestSinceTime(t *testing.T) {
	now := time.Date(2026, 11, 26, 10, 30, 0, 0, market.IST)
	for text, want := range map[string]time.Time{
		"30m": now.Add(-30 * time.Minute), "09:15": time.Date(2026, 11, 26, 9, 15, 0, 0, market.IST),
		"15:00": time.Date(2026, 11, 25, 15, 0, 0, 0, market.IST), "2026-11-20": time.Date(2026, 11, 20, 0, 0, 0, 0, market.IST),
		"2026-11-20 09:15": time.Date(2026, 11, 20, 9, 15, 0, 0, market.IST), "2026-11-20T09:15:00Z": time.Date(2026, 11, 20, 9, 15, 0, 0, time.UTC),
	} {
		if at, err := sinceTime(text, now.UTC()); err != nil || !at.Equal(want) {
			t.Errorf("%s: %v, %v", text, at, err)
		}
	}
	for _, text := range []string{"yesterday", "-5m", "25:00", ""} {
		if at, err := sinceTime(text, now); err == nil {
			t.Errorf("%q: %v", text, at)
		}
	}
}
