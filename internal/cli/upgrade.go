package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/autoupgrade"
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
	autoFlags
	to    string
	check bool
}

// autoOn is --auto without a window: the one of before, or the usual one.
const autoOn = "on"

func newUpgrade(a *app) *cobra.Command {
	c := &upgradeCommand{app: a}
	cmd := &cobra.Command{
		Use:   "upgrade",
		Short: "Upgrade OpenAlgo, and roll back if it does not start",
		Long: `Pull the new image while the current release still runs. Then stop OpenAlgo,
copy its databases, add new settings to .env (your values stay), start the new
release and check it. If it does not start, the previous image, .env and
databases are restored.

The copy stays in .openalgo-install/snapshot until the next upgrade. Once the
new release runs, images of earlier releases that a registry still has are
removed. The release before stays, for a rollback, and so does every volume.

With --auto, this machine upgrades OpenAlgo automatically, outside market hours:
on Saturday between 06:00 and 08:00 IST, or in a window that you choose. It sends
you a message on the evening before, and makes a backup first. It installs
releases that are 3 days old or older, and never another major version. A
release that fails is rolled back and not tried again. --hold pauses this until
the next --auto. --skip leaves out one release. With --self, openalgo-install
updates itself in the same window, and verifies the signature of its release.`,
		Example: `  openalgo-install upgrade --check
  openalgo-install upgrade
  openalgo-install upgrade --to 2.0.1.0
  openalgo-install upgrade --auto
  openalgo-install upgrade --auto="daily 04:30-07:30" --days 7`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.selfGiven = cmd.Flags().Changed("self")
			if c.given() {
				return c.setAuto(cmd.Context(), cmd.Flags().Changed("days"))
			}
			if cmd.Flags().Changed("days") || c.selfGiven {
				return usage("--days and --self belong to --auto")
			}
			return c.run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&c.to, "to", "", "tag, digest or image (default: the newest image of the installed tag)")
	cmd.Flags().BoolVar(&c.check, "check", false, "only check: exit code 10 if a newer release is available, else 0")
	cmd.Flags().StringVar(&c.auto, "auto", "", `upgrade automatically in a window, for example "Sunday 05:00-07:00" or "daily 04:30-07:30"; off ends that`)
	cmd.Flags().Lookup("auto").NoOptDefVal = autoOn
	cmd.Flags().IntVar(&c.days, "days", autoupgrade.DefaultDays, "with --auto: how many days a release must be out")
	cmd.Flags().BoolVar(&c.self, "self", false, "with --auto: update openalgo-install in the same window; --self=false ends that")
	cmd.Flags().BoolVar(&c.hold, "hold", false, "make no automatic upgrades until the next --auto")
	cmd.Flags().StringVar(&c.skip, "skip", "", "leave out a release in automatic upgrades: its version or digest")
	cmd.Flags().BoolVar(&c.due, "due", false, "")
	_ = cmd.Flags().MarkHidden("due")
	c.flags(cmd)
	return cmd
}

func (c *upgradeCommand) run(ctx context.Context) error {
	if c.to == "" {
		c.to = c.following()
	}
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
				Reason: "its registry has a newer image; the other changes are known after the pull"})
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
