package cli

import (
	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/draft"
	"github.com/marketcalls/openalgo-install/internal/drill"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

func init() { register(newClean) }

func newClean(a *app) *cobra.Command {
	var o changeOptions
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Remove images and copies that are no longer needed",
		Long: `Remove files of the instance in --dir that are no longer needed: images of
earlier releases, images that were built, and unused copies of data that are
older than 30 days. openalgo-install lists each one with its size, and asks
before it removes anything.

The image in use stays, and so does everything that a rollback needs. Volumes,
backups, images of other instances and images that no registry has are never
removed. OpenAlgo keeps running.`,
		Example: `  openalgo-install clean --dry-run
  openalgo-install clean
  openalgo-install clean --yes --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !o.dryRun {
				draft.Sweep()
			}
			return a.with(cmd.Context(), o, func(s *ops.Session, out *presenter) error {
				if !o.dryRun {
					if removed, _ := drill.Sweep(cmd.Context(), s.Engine, s.Dir()); removed {
						s.Note("removed what an interrupted test restore left")
					}
				}
				return a.carry(cmd.Context(), s, out, o, ops.Clean())
			})
		},
	}
	dryRunFlag(cmd, &o.dryRun)
	return cmd
}
