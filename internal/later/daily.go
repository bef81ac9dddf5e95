package later

import (
	"errors"
	"os"
	"time"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/market"
)

// GuardMarket refuses a time when a market of a broker is open on any day of
// the week.
func GuardMarket(of string, next time.Time, clock string, marketToo bool) error {
	b, _ := broker.Find(of)
	for day := range 7 {
		if open := market.Open(next.AddDate(0, 0, day), b.Kind == broker.Crypto); len(open) > 0 && !marketToo {
			return finding.Named(finding.Usage, "market-open", "at %s IST a market is open (%s), and OpenAlgo stops for some seconds then. Choose another time, or confirm this one with --now", clock, open[0])
		}
	}
	return nil
}

// Writable tries a directory by a file in it.
func Writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	probe, err := os.CreateTemp(dir, ".openalgo-install-")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}
