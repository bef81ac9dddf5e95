package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/status"
	"github.com/marketcalls/openalgo-install/internal/watch"
)

func init() { register(newStatus, newStart, newStop, newRestart) }

func newStatus(a *app) *cobra.Command {
	watch, every := false, time.Minute
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show every instance, or only the one in --dir",
		Long: `Show every instance, or only the one in --dir: whether it is ready, its address,
sizing, backups and volumes.

--watch prints one line for each instance at intervals, and at once after a
change, until Ctrl+C. With --json each line is a JSON document.`,
		Example: `  openalgo-install status
  openalgo-install status --watch --every 10s
  openalgo-install status --watch --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if a.target != "" {
				return clusterStatus(cmd.Context(), a)
			}
			dir := ""
			if cmd.Flags().Changed("dir") || a.instanceName != "" {
				if dir, err = instance.Abs(a.dir); err != nil {
					return err
				}
			}
			if watch {
				return watchStatus(cmd.Context(), a, dir, every)
			}
			return printStatus(cmd.Context(), a, dir)
		},
	}
	clusterFlags(cmd, a)
	cmd.Flags().BoolVar(&watch, "watch", false, "print a line after each change, until Ctrl+C")
	cmd.Flags().DurationVar(&every, "every", every, "with --watch, print a line at least this often, for example 10s")
	return cmd
}

func printStatus(ctx context.Context, a *app, dir string) error {
	e, machine, err := connect(ctx)
	if err != nil {
		return err
	}
	defer e.Close()
	all, err := status.Look(ctx, e, machine, dir)
	if err != nil {
		return err
	}
	seen := watch.Glance(ctx)
	if states, err := notify.New(currentVersion()).States(); err == nil { // doctor says why not
		all.Untold = notify.Failing(states)
	}
	if a.json {
		return a.writeJSON(struct {
			status.Status
			Watch watch.Glanced `json:"watch"`
		}{all, seen})
	}
	present.Status(a.stdout, all)
	if len(all.Instances) > 0 {
		sayWatch(a.stdout, seen)
	}
	return nil
}

func newStart(a *app) *cobra.Command {
	return newLifecycle(a, "start", "Start OpenAlgo and wait until it is ready", true, ops.Start())
}

func newStop(a *app) *cobra.Command {
	return newLifecycle(a, "stop", "Stop OpenAlgo cleanly", false, ops.Stop())
}

func newRestart(a *app) *cobra.Command {
	return newLifecycle(a, "restart", "Restart OpenAlgo and wait until it is ready", true, ops.Restart())
}

// newLifecycle is a command that does one thing to the instance in --dir. up says
// that OpenAlgo runs in the end.
func newLifecycle(a *app, use, short string, up bool, c ops.Command) *cobra.Command {
	var o changeOptions
	cmd := &cobra.Command{
		Use: use, Short: short, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.change(cmd.Context(), o, c)
		},
	}
	nowFlag(cmd, &o.now)
	if up {
		waitFlag(cmd, &o.wait)
	}
	dryRunFlag(cmd, &o.dryRun)
	return cmd
}
