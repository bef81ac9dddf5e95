package ops

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// SetDailyBackup makes the host run a backup at a time of every day. to is the
// directory that it writes to, "" for the one beside the instance.
func (in *Session) SetDailyBackup(ctx context.Context, clock, to string, command, recover []string, marketToo bool) (event.Result, error) {
	next, err := market.Next(time.Now(), clock)
	if err != nil {
		return event.Result{}, finding.Named(finding.Usage, "schedule-unusable", "--schedule: %w", err)
	}
	job := later.Job{Dir: string(in.dir), At: next, Backup: command, Recover: recover}
	if err := job.Check(); err != nil {
		return event.Result{}, err
	}
	if job.Env, err = later.EngineEnvironment(os.Getenv); err != nil {
		return event.Result{}, err
	}
	if err := guard.MayCopy(in.see().OnHost(), "a backup"); err != nil {
		return event.Result{}, err
	}
	if err := mayBackUp(ctx, in); err != nil {
		return event.Result{}, err
	}
	o, err := in.observe(ctx)
	if err != nil {
		return event.Result{}, err
	}
	if err := guardMarket(o, next, clock, marketToo); err != nil {
		return event.Result{}, err
	}
	to = cmp.Or(to, backup.Archives(in.dir))
	if err := writable(to); err != nil {
		return event.Result{}, finding.Named(finding.Usage, "backup-unwritable", "--to names a directory that is made or written to: %w", err)
	}
	job.Project = compose.ProjectName(o.Project)
	files, by, err := later.SetDaily(ctx, in.dir, clock, job, in.warn)
	if err != nil {
		return event.Result{}, err
	}
	return event.Result{Changed: true, Message: fmt.Sprintf("a backup is made every day at %s IST in %s, by %s (%s). To see how the last one ended: %s",
		clock, to, by, strings.Join(files, ", "), finding.Command(in.dir, "status"))}, nil
}

// mayBackUp refuses to back up what is not known how it was installed.
func mayBackUp(ctx context.Context, in *Session) error {
	o, err := in.observe(ctx)
	if err != nil {
		return err
	}
	in.knowEnv(o)
	_, err = saved(o, plan.CommandBackup)
	return err
}

// guardMarket refuses a time when a market is open on any day of the week.
func guardMarket(o *world.Observation, next time.Time, clock string, marketToo bool) error {
	b, _ := broker.Find(settings.BrokerOf(o.Env))
	for day := range 7 {
		if open := market.Open(next.AddDate(0, 0, day), b.Kind == broker.Crypto); len(open) > 0 && !marketToo {
			return finding.Named(finding.Usage, "market-open", "at %s IST a market is open (%s), and OpenAlgo stops for some seconds then. Choose another time, or confirm this one with --now", clock, open[0])
		}
	}
	return nil
}

// writable tries a directory by a file in it.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	probe, err := os.CreateTemp(dir, ".openalgo-install-")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// RemoveDailyBackup ends the daily backup, if there is one.
func (in *Session) RemoveDailyBackup(ctx context.Context) (event.Result, error) {
	was, err := later.RemoveDaily(ctx, in.dir)
	switch {
	case err != nil:
		return event.Result{}, err
	case !was:
		return event.Result{Message: "nothing to do: there is no daily backup"}, nil
	}
	return event.Result{Changed: true, Message: "no daily backup is made any more; those that are there stay"}, nil
}
