package ops

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/installed"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// DailyOptions say when this machine makes a backup by itself, and how.
type DailyOptions struct {
	Clock           string   // HH:MM in India
	To              string   // the directory that it writes to; "" is the one beside the instance
	Backup, Recover []string // the commands that the machine runs
	Market          bool     // also at a time when a market is open
	UserTimers      bool     // systemd runs timers for the user who runs this
}

// daily is one daily backup.
type daily struct {
	DailyOptions
	job later.Job // what the machine runs
}

// DailyBackup has this machine make a backup at a time of every day.
func DailyBackup(o DailyOptions) Command {
	d := &daily{DailyOptions: o}
	return Command{Name: plan.CommandSchedule, act: d.act, Wish: d.wish}
}

// wish refuses a time at which OpenAlgo must run, and what cannot be backed up.
func (d *daily) wish(o *world.Observation) (plan.Intent, error) {
	i := plan.Intent{Command: plan.CommandSchedule, Run: plan.Scheduled, Daily: d.Clock + " IST, to " + d.target(o.Dir)}
	next, err := market.Next(o.Now, d.Clock)
	if err != nil {
		return i, finding.Named(finding.Usage, "schedule-unusable", "--schedule: %w", err)
	}
	d.job = later.Job{Dir: string(o.Dir), Project: compose.ProjectName(o.Project), At: next, Backup: d.Backup, Recover: d.Recover, User: o.Engine.Rootless}
	if err := d.job.Check(); err != nil {
		return i, err
	}
	if o.Engine.Rootless && !d.UserTimers {
		return i, later.ByHand(d.job)
	}
	if err := guard.MayCopy(o, "a backup"); err != nil {
		return i, err
	}
	if _, err := installed.Intent(o, plan.CommandBackup); err != nil {
		return i, err
	}
	return i, later.GuardMarket(settings.BrokerOf(o.Env), next, d.Clock, d.Market, o.Calendar)
}

func (d *daily) target(dir instance.Dir) string { return cmp.Or(d.To, backup.Archives(dir)) }

func (d *daily) act(ctx context.Context, t *turn, _ *plan.Plan) (event.Result, error) {
	job, to := d.job, d.target(t.dir)
	var err error
	if job.Env, err = later.EngineEnvironment(os.Getenv, t.Engine.Info().Endpoint); err != nil {
		return event.Result{}, err
	}
	if err := later.Writable(t.dir, to); err != nil {
		return event.Result{}, err
	}
	files, by, err := later.SetDaily(ctx, t.dir, d.Clock, job, t.warn)
	if err != nil {
		return event.Result{}, err
	}
	return event.Result{Changed: true, Message: fmt.Sprintf("a backup is made every day at %s IST in %s, by %s (%s). To see the last result: %s",
		d.Clock, to, by, strings.Join(files, ", "), finding.Command(t.dir, "status"))}, nil
}

// NoDailyBackup ends the daily backup, if there is one.
func NoDailyBackup() Command {
	i := plan.Intent{Command: plan.CommandSchedule, Run: plan.Unscheduled}
	look := func(ctx context.Context, l *world.Looker) (*world.Observation, error) {
		o, err := l.Look(ctx, false)
		if err == nil {
			lookAtDaily(o)
		}
		return o, err
	}
	return Command{Name: i.Command, look: look, act: endDown, Wish: func(*world.Observation) (plan.Intent, error) { return i, nil }}
}

// lookAtDaily looks which files of this machine make the daily backup.
func lookAtDaily(o *world.Observation) {
	if d := later.LoadDaily(o.Dir); d != nil {
		o.Removable.Daily = d.Files
	}
}
