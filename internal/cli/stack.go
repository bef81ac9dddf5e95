package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show every OpenAlgo on this engine, or with --dir one",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, machine, err := a.connect(cmd.Context())
			if err != nil {
				return hintDocker(err)
			}
			defer e.Close()
			dir := ""
			if cmd.Flags().Changed("dir") || a.instanceName != "" {
				if dir, err = instance.Abs(a.dir); err != nil {
					return err
				}
			}
			status, err := ops.ReadStatus(cmd.Context(), e, machine, dir)
			if err != nil {
				return err
			}
			if a.json {
				return a.writeJSON(status)
			}
			status.WriteText(a.stdout)
			return nil
		},
	}
}

func (a *app) logsCommand() *cobra.Command {
	var follow bool
	var tail int
	cmd := &cobra.Command{
		Use:   "logs",
		Short: "Show OpenAlgo's log, secrets taken out",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if tail < 0 {
				return usage("--tail: %d is not a number of lines; 0 shows all", tail)
			}
			in, done, err := a.session(cmd.Context(), a.presenter())
			if err != nil {
				return hintDocker(err)
			}
			defer done()
			return in.Logs(cmd.Context(), follow, tail, a.stdout)
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with new lines")
	cmd.Flags().IntVar(&tail, "tail", 100, "number of last lines; 0 shows all")
	return cmd
}

func (a *app) startCommand() *cobra.Command {
	return a.stackCommand("start", "Start OpenAlgo and wait until it is ready", true, true, (*ops.Session).Start)
}

func (a *app) stopCommand() *cobra.Command {
	return a.stackCommand("stop", "Stop OpenAlgo cleanly", true, false, (*ops.Session).Stop)
}

func (a *app) restartCommand() *cobra.Command {
	return a.stackCommand("restart", "Stop and start OpenAlgo, and wait until it is ready", true, true, (*ops.Session).Restart)
}

// stackCommand is a command that does one thing to the instance in --dir. down
// says that OpenAlgo stops for it, up that OpenAlgo runs in the end.
func (a *app) stackCommand(use, short string, down, up bool, do func(*ops.Session, context.Context) (event.Result, error)) *cobra.Command {
	var o changeOptions
	cmd := &cobra.Command{
		Use: use, Short: short, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withSession(cmd.Context(), func(in *ops.Session) (event.Result, error) {
				a.follow(in, o)
				return do(in, cmd.Context())
			})
		},
	}
	if down {
		nowFlag(cmd, &o.now)
	}
	if up {
		waitFlag(cmd, &o.wait)
	}
	return cmd
}
