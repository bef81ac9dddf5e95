package later

import (
	"errors"
	"os"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/backup/where"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
)

// GuardMarket refuses a time when a market of a broker is open on any day of
// the week.
func GuardMarket(of string, next time.Time, clock string, marketToo bool, c *calendar.Calendar) error {
	b, _ := broker.Find(of)
	for day := range 7 {
		if open := market.Open(next.AddDate(0, 0, day), b.Kind == broker.Crypto, c.Weekly()); len(open) > 0 && !marketToo {
			return finding.Named(finding.Usage, "market-open", "at %s IST a market is open (%s), and the backup may stop OpenAlgo for some seconds. "+
				"Choose another time, or confirm this time with --now", clock, open[0])
		}
	}
	return nil
}

// Writable makes the directory for daily backups, on the disk that is meant, and tries
// it by a file in it.
func Writable(of instance.Dir, dir string) error {
	var before *where.Place
	if last := backup.LoadLast(of); last != nil {
		before = last.Place
	}
	if err := where.Check(dir, before); err != nil {
		return err
	}
	if _, err := where.Make(dir); err != nil {
		return err
	}
	probe, err := os.CreateTemp(dir, ".openalgo-install-")
	if err != nil {
		return finding.Named(finding.HostNotReady, "backup-unwritable", "cannot write backups to %s: %w", dir, err).Ending(finding.Unchanged)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}
