package spelling_test

import (
	"testing"

	"github.com/marketcalls/openalgo-install/internal/spelling"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "dhan", 4}, {"dhan", "dhan", 0}, {"zerodah", "zerodha", 2}, {"upstx", "upstox", 1}, {"angel", "fyers", 5}} {
		if got := spelling.Distance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
		if got := spelling.Distance(c.b, c.a); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.b, c.a, got, c.want)
		}
	}
}
