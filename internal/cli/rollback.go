package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/ops"
)

func init() { register(newRollback) }

type rollbackCommand struct {
	*app
	changeOptions
}

func newRollback(a *app) *cobra.Command {
	c := &rollbackCommand{app: a}
	cmd := &cobra.Command{
		Use:   "rollback",
		Short: "Return to the release before the last upgrade",
		Long: `Return to the image, the .env and the databases from before the last upgrade.
The three belong together: an older OpenAlgo cannot read newer databases.

Orders and settings made after the upgrade disappear from view until you run
rollback again, which returns to the newer image and its data. Orders at your
broker are not affected. OpenAlgo stops until the previous release is ready.`,
		Example: `  openalgo-install rollback --dry-run
  openalgo-install rollback`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	c.flags(cmd)
	return cmd
}

func (c *rollbackCommand) run(ctx context.Context) error {
	return c.change(ctx, c.changeOptions, ops.Rollback())
}
