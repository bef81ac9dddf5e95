package cli

import (
	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/freeze"
)

func init() { register(newFreezeGuard) }

// newFreezeGuard is what a backup begins beside itself, so that OpenAlgo is thawed
// also where the backup is killed.
func newFreezeGuard(a *app) *cobra.Command {
	return &cobra.Command{
		Use: freeze.Command, Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := engine.Connect(cmd.Context(), engine.Options{})
			if err != nil {
				return err
			}
			defer e.Close()
			return freeze.Watch(cmd.Context(), e, args[0], a.stdin, a.stdout)
		},
	}
}
