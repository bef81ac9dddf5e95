package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/event"
)

// exitAvailable is what `upgrade --check` ends with when there is something
// newer, for cron.
const exitAvailable = 10

type upgradeOptions struct {
	to     string
	check  bool
	change changeOptions
}

func (a *app) upgradeCommand() *cobra.Command {
	var o upgradeOptions
	cmd := &cobra.Command{
		Use:   "upgrade",
		Short: "Take OpenAlgo to another release, and back if that fails",
		Long: `Bring the new image first, while the former one runs. Then OpenAlgo is stopped,
its databases are copied, what the release's own .sample.env has more goes into
.env (your values stay), and the new one is started and verified. When it does
not get ready, the former image, .env and databases are back.

The copy stays in .openalgo-install/snapshot until the next upgrade.`,
		Example: `  openalgo-install upgrade --check
  openalgo-install upgrade
  openalgo-install upgrade --to 2.0.1.0`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.upgrade(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.to, "to", "", "tag, digest or image; left out, the newest of the tag that is installed")
	cmd.Flags().BoolVar(&o.check, "check", false, "only look: exit 0 when there is nothing newer, 10 when there is")
	o.change.flags(cmd)
	return cmd
}

func (a *app) upgrade(ctx context.Context, o upgradeOptions) error {
	out := a.presenter()
	in, done, err := a.session(ctx, out)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	defer done()
	a.follow(in, o.change)
	switch {
	case o.check:
		available, message, err := in.CheckUpgrade(ctx, o.to)
		if err != nil || !available {
			return out.end(event.Result{Message: message}, err)
		}
		if err := out.end(event.Result{Message: message}, nil); err != nil {
			return err
		}
		return &exitError{exitAvailable}
	case o.change.dryRun:
		plan, err := in.PlanUpgrade(ctx, o.to)
		if err != nil {
			return out.end(event.Result{}, err)
		}
		return a.showPlan(plan)
	}
	result, err := in.Upgrade(ctx, o.to)
	return out.end(result, err)
}
