package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

func (a *app) adoptCommand() *cobra.Command {
	var o changeOptions
	volumes := ""
	cmd := &cobra.Command{
		Use:   "adopt",
		Short: "Take over an OpenAlgo that another tool installed",
		Long: `Take over the OpenAlgo in --dir that install-docker.sh, docker-run.sh, Docker
Compose or a person set up: the same .env and keys, the same volumes or
directories, the same image, ports and domain. Its container is made anew once,
verified, and the former one is back when that fails. Nothing is deleted: the
files that change stay in .openalgo-install/backups.

Without --dir it takes the one that is there.`,
		Example: `  openalgo-install adopt --dry-run
  openalgo-install adopt --dir /opt/openalgo`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch volumes {
			case "", "keep", "named":
			default:
				return usage("--volumes is keep or named, not %q", volumes)
			}
			return a.adopt(cmd.Context(), o, volumes == "named", cmd.Flags().Changed("dir") || a.instanceName != "")
		},
	}
	cmd.Flags().StringVar(&volumes, "volumes", "keep", "keep: data stays where it is; named: directories are copied into volumes, compared, and stay as they are")
	o.flags(cmd)
	return cmd
}

func (a *app) adopt(ctx context.Context, o changeOptions, toVolumes, named bool) error {
	out := a.presenter()
	if !named {
		if err := a.chooseAdoptable(ctx); err != nil {
			return out.end(event.Result{}, err)
		}
	}
	in, done, err := a.session(ctx, out)
	if err != nil {
		return out.end(event.Result{}, hintDocker(err))
	}
	defer done()
	a.follow(in, o)
	if o.dryRun {
		plan, err := in.PlanAdopt(ctx, toVolumes)
		if err != nil {
			return out.end(event.Result{}, err)
		}
		return a.showPlan(plan)
	}
	result, err := in.Adopt(ctx, toVolumes)
	return out.end(result, err)
}

// chooseAdoptable takes the only OpenAlgo that another tool made.
func (a *app) chooseAdoptable(ctx context.Context) error {
	e, _, err := a.connect(ctx)
	if err != nil {
		return hintDocker(err)
	}
	defer e.Close()
	dirs, err := ops.Adoptable(ctx, e)
	switch {
	case err != nil:
		return err
	case len(dirs) == 0:
		return usage("there is no OpenAlgo on this engine that another tool made; `openalgo-install status` lists what there is")
	case len(dirs) > 1:
		return usage("there are several that can be adopted: name one with --dir: %s", strings.Join(dirs, ", "))
	}
	a.dir = dirs[0]
	return nil
}
