package cli

import (
	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/draft"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

func init() { register(newClean) }

func newClean(a *app) *cobra.Command {
	var o changeOptions
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Remove images and copies that are no longer needed",
		Long: `Remove what openalgo-install keeps on this machine for the instance in --dir and
no longer needs: images of earlier releases, images that were built, and copies of
data that no command returns to and that are older than 30 days. It lists each
with the room that it takes, and asks before it removes anything.

What OpenAlgo runs stays, and so does the release before it, with all that a
rollback needs. Volumes, backups, images of other instances and images that no
registry has are never removed. OpenAlgo goes on running.`,
		Example: `  openalgo-install clean --dry-run
  openalgo-install clean
  openalgo-install clean --yes --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !o.dryRun {
				draft.Sweep()
			}
			return a.change(cmd.Context(), o, ops.Clean())
		},
	}
	dryRunFlag(cmd, &o.dryRun)
	return cmd
}
