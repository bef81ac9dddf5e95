package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/event"
)

func (a *app) rollbackCommand() *cobra.Command {
	var o changeOptions
	cmd := &cobra.Command{
		Use:   "rollback",
		Short: "Go back to what ran before the last upgrade",
		Long: `Go back to the image, the .env and the databases from before the last upgrade.
The three belong together: an older OpenAlgo cannot read newer databases.

Orders and settings made after the upgrade disappear from view until you run
rollback again, which returns to the newer image and its data. Orders at your
broker are not affected. OpenAlgo stops until the previous release is ready.`,
		Example: `  openalgo-install rollback --dry-run
  openalgo-install rollback`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.rollback(cmd.Context(), o) },
	}
	o.flags(cmd)
	return cmd
}

func (a *app) rollback(ctx context.Context, o changeOptions) error {
	out := a.presenter()
	in, done, err := a.session(ctx, out)
	if err != nil {
		return out.end(event.Result{}, hintDocker(err))
	}
	defer done()
	a.follow(in, o)
	if o.dryRun {
		plan, err := in.PlanRollback(ctx)
		if err != nil {
			return out.end(event.Result{}, err)
		}
		return a.showPlan(plan)
	}
	result, err := in.Rollback(ctx)
	return out.end(result, err)
}
