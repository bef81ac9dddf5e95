package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

// How long Docker may take to answer after a boot, and how often that is tried.
const (
	bootTime  = 10 * time.Minute
	bootEvery = 2 * time.Second
)

// recoverCommand is what this machine runs after a boot, where a daily backup
// is set up.
func (a *app) recoverCommand() *cobra.Command {
	return &cobra.Command{
		Use: "recover", Short: "Complete or undo an interrupted run", Args: noArgs, Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.recover(cmd.Context()) },
	}
}

func (a *app) recover(ctx context.Context) error {
	out := a.presenter()
	dir, err := instance.Abs(a.dir)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	if !ops.Owed(dir) {
		return out.end(event.Result{Message: "nothing to do: no run was interrupted"}, nil)
	}
	in, done, err := a.installerAtBoot(ctx, out)
	if err != nil {
		return out.end(event.Result{}, hintDocker(err))
	}
	defer done()
	result, err := in.Recover(ctx)
	return out.end(result, err)
}

// installerAtBoot waits for a Docker that is not up yet.
func (a *app) installerAtBoot(ctx context.Context, report event.Reporter) (*ops.Session, func(), error) {
	until := time.Now().Add(bootTime)
	for {
		in, done, err := a.session(ctx, report)
		if err == nil || !errors.Is(err, engine.ErrAbsent) || time.Now().After(until) {
			return in, done, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, err
		case <-time.After(bootEvery):
		}
	}
}
