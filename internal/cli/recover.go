package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/drill"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// How long Docker may take to answer after a boot, and how often that is tried.
const (
	bootTime  = 10 * time.Minute
	bootEvery = 2 * time.Second
)

func init() { register(newRecover) }

// newRecover returns the command that this machine runs after a boot, where a daily
// backup is set up.
func newRecover(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "recover", Short: "Complete or undo an interrupted run", Args: noArgs, Hidden: true,
		Long: `Complete or undo an interrupted run on the instance in --dir, and remove what an
interrupted test restore left.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.target != "" {
				return recoverInCluster(cmd.Context(), a)
			}
			return recoverAtBoot(cmd.Context(), a)
		},
	}
	clusterFlags(cmd, a)
	return cmd
}

func recoverAtBoot(ctx context.Context, a *app) error {
	dir, err := instance.Abs(a.dir)
	if err != nil {
		return a.refuse(err)
	}
	left := drill.IsLeft(instance.Dir(dir))
	if !run.Owed(dir) && !left {
		return a.presenter().end(event.Result{Message: "nothing to do: no run was interrupted"}, nil)
	}
	awaitEngine(ctx)
	return a.with(ctx, changeOptions{}, func(s *ops.Session, out *presenter) error {
		if left {
			if _, err := drill.Sweep(ctx, s.Engine, s.Dir()); err != nil {
				return out.end(event.Result{}, err)
			}
		}
		return out.end(s.Recover(ctx))
	})
}

// awaitEngine waits for a Docker that is not up yet. Whether it came shows when it
// is used.
func awaitEngine(ctx context.Context) {
	_ = wait.Until(ctx, bootTime, bootEvery, func(ctx context.Context) (bool, error) {
		e, _, err := connect(ctx)
		if err == nil {
			_ = e.Close()
		}
		return !errors.Is(err, engine.ErrAbsent) && !errors.Is(err, engine.ErrUnanswered), nil
	})
}
