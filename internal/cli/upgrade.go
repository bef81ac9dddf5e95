package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

// exitAvailable is what `upgrade --check` ends with when there is something
// newer, for cron.
const exitAvailable = 10

func init() { register(newUpgrade) }

type upgradeCommand struct {
	*app
	changeOptions
	to    string
	check bool
}

func newUpgrade(a *app) *cobra.Command {
	c := &upgradeCommand{app: a}
	cmd := &cobra.Command{
		Use:   "upgrade",
		Short: "Upgrade OpenAlgo, and roll back if it does not start",
		Long: `Pull the new image while the previous release still runs. Then stop OpenAlgo, copy
its databases, add new settings of the release to .env (your values stay), start
the new release and check it. If it does not start, the previous image, .env and
databases are restored.

The copy stays in .openalgo-install/snapshot until the next upgrade.`,
		Example: `  openalgo-install upgrade --check
  openalgo-install upgrade
  openalgo-install upgrade --to 2.0.1.0`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&c.to, "to", "", "tag, digest or image; left out, the newest of the tag that is installed")
	cmd.Flags().BoolVar(&c.check, "check", false, "only check: exit 0 if there is nothing newer, 10 if there is")
	c.flags(cmd)
	return cmd
}

func (c *upgradeCommand) run(ctx context.Context) error {
	switch {
	case c.check:
		return c.look(ctx)
	case c.dryRun:
		return c.plan(ctx)
	}
	return c.change(ctx, c.changeOptions, ops.Upgrade(c.to))
}

// plan shows the plan. A dry run pulls nothing: whether the image's tag has moved on,
// its registry alone can tell.
func (c *upgradeCommand) plan(ctx context.Context) error {
	return c.with(ctx, c.changeOptions, func(s *ops.Session, out *presenter) error {
		p, err := s.Plan(ctx, ops.Upgrade(c.to))
		if err != nil {
			return out.end(event.Result{}, err)
		}
		if !p.Empty() {
			return c.showPlan(p)
		}
		newer, _, err := s.CheckUpgrade(ctx, c.to)
		if err != nil && !errors.Is(err, engine.ErrNotAsked) {
			return out.end(event.Result{}, err)
		}
		if newer {
			p.Add(plan.Change{Kind: plan.KindImage, Name: p.Stack.Image, Action: plan.ActionUpdate,
				Reason: "its registry has a newer one; what else changes is known once it is pulled"})
			p.Add(plan.Change{Kind: plan.KindContainer, Name: p.Stack.ContainerName(), Action: plan.ActionRecreate, Reason: "another image"})
		}
		return c.showPlan(p)
	})
}

// look says whether there is something newer, and changes nothing.
func (c *upgradeCommand) look(ctx context.Context) error {
	available := false
	err := c.with(ctx, c.changeOptions, func(s *ops.Session, out *presenter) error {
		newer, message, err := s.CheckUpgrade(ctx, c.to)
		available = newer
		return out.end(event.Result{Message: message}, err)
	})
	if err == nil && available {
		return &exitError{exitAvailable}
	}
	return err
}
