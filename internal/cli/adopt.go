package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/world"
)

func init() { register(newAdopt) }

type adoptCommand struct {
	*app
	changeOptions
	volumes string
	given   bool // the directory was named
}

func newAdopt(a *app) *cobra.Command {
	c := &adoptCommand{app: a}
	cmd := &cobra.Command{
		Use:   "adopt",
		Short: "Take over an instance that another tool installed",
		Long: `Take over an instance that install-docker.sh, docker-run.sh, Docker Compose or
you set up. It keeps its .env, encryption keys, volumes or directories, image,
ports and domain. openalgo-install recreates the container once and checks
OpenAlgo. If that fails, the previous container runs again. Nothing is deleted:
previous versions of changed files stay in .openalgo-install/backups.

Without --dir, openalgo-install looks for the instance itself.`,
		Example: `  openalgo-install adopt --dry-run
  openalgo-install adopt --dir /opt/openalgo`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch c.volumes {
			case "", "keep", "named":
			default:
				return usage("--volumes is keep or named, not %q", c.volumes)
			}
			c.given = cmd.Flags().Changed("dir") || a.instanceName != ""
			return c.run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&c.volumes, "volumes", "keep", "keep: leave the data where it is; named: copy directories into volumes, compare, and keep the directories")
	c.flags(cmd)
	return cmd
}

func (c *adoptCommand) run(ctx context.Context) error {
	if !c.given {
		if err := c.choose(ctx); err != nil {
			return c.refuse(err)
		}
	}
	toVolumes := c.volumes == "named"
	return c.change(ctx, c.changeOptions, ops.Adopt(toVolumes))
}

// choose takes the only OpenAlgo that another tool made.
func (c *adoptCommand) choose(ctx context.Context) error {
	e, _, err := connect(ctx)
	if err != nil {
		return err
	}
	defer e.Close()
	dirs, err := world.Adoptable(ctx, e)
	switch {
	case err != nil:
		return err
	case len(dirs) == 0:
		return usage("found no OpenAlgo in Docker that another tool installed").
			With(finding.Anywhere("List what is on this machine", "status"))
	case len(dirs) > 1:
		return usage("several instances can be adopted. Choose one with --dir: %s", strings.Join(dirs, ", "))
	}
	c.dir = dirs[0]
	return nil
}
