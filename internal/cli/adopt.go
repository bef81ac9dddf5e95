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
		Long: `Take over the OpenAlgo in --dir that install-docker.sh, docker-run.sh, Docker
Compose or a person set up: the same .env and keys, the same volumes or
directories, the same image, ports and domain. Its container is recreated once,
verified, and the previous one is back when that fails. Nothing is deleted: the
files that change stay in .openalgo-install/backups.

Without --dir it takes the one that is there.`,
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
	cmd.Flags().StringVar(&c.volumes, "volumes", "keep", "keep: data stays where it is; named: directories are copied into volumes, compared, and stay as they are")
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
		return usage("no OpenAlgo of another tool was found in Docker").
			With(finding.Anywhere("List what is on this machine", "status"))
	case len(dirs) > 1:
		return usage("there are several that can be adopted: name one with --dir: %s", strings.Join(dirs, ", "))
	}
	c.dir = dirs[0]
	return nil
}
