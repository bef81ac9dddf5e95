package ops

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/settings"
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
	if err := later.GuardMarket(settings.BrokerOf(o.Env), next, clock, marketToo); err != nil {
		return event.Result{}, err
	}
	to = cmp.Or(to, backup.Archives(in.dir))
	if err := later.Writable(to); err != nil {
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
