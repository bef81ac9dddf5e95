package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/ops"
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
		Short: "Take OpenAlgo to another release, and back if that fails",
		Long: `Bring the new image first, while the previous one runs. Then OpenAlgo is stopped,
its databases are copied, what the release's own .sample.env has more goes into
.env (your values stay), and the new one is started and verified. When it does
not get ready, the previous image, .env and databases are back.

The copy stays in .openalgo-install/snapshot until the next upgrade.`,
		Example: `  openalgo-install upgrade --check
  openalgo-install upgrade
  openalgo-install upgrade --to 2.0.1.0`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&c.to, "to", "", "tag, digest or image; left out, the newest of the tag that is installed")
	cmd.Flags().BoolVar(&c.check, "check", false, "only look: exit 0 when there is nothing newer, 10 when there is")
	c.flags(cmd)
	return cmd
}

func (c *upgradeCommand) run(ctx context.Context) error {
	if c.check {
		return c.look(ctx)
	}
	return c.change(ctx, c.changeOptions, ops.Upgrade(c.to))
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
