package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/freeze"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// connect reaches Docker and finds whose RAM and cores count.
func connect(ctx context.Context) (*engine.Engine, sizing.Machine, error) {
	e, err := engine.Connect(ctx, engine.Options{})
	if errors.Is(err, engine.ErrAbsent) && os.Getenv("DOCKER_HOST") == "" {
		if problem := host.PlatformProblem(runtime.GOARCH, host.OS{}); problem != "" {
			err = finding.Named(finding.HostNotReady, "engine-platform", "%s", problem)
		}
	}
	if ctx.Err() == nil && err != nil {
		err = finding.Named(finding.HostNotReady, "engine-unusable", "%w", err)
	}
	if err != nil {
		return nil, sizing.Machine{}, err
	}
	e.Enter(os.Args[1:]) // it could not before, and says why
	machine, err := machineOf(ctx, e.Info())
	if err != nil {
		_ = e.Close()
		return nil, sizing.Machine{}, err
	}
	return e, machine, nil
}

// machineOf takes this machine's figures when Docker runs on this kernel,
// and Docker's own when it is another machine (docs/sizing.md).
func machineOf(ctx context.Context, info engine.Info) (sizing.Machine, error) {
	if !info.Local && info.RAMMiB > 0 {
		return sizing.Machine{RAMMiB: info.RAMMiB, Cores: info.NCPU, Source: sizing.SourceEngine}, nil
	}
	facts, err := host.Measure(ctx)
	if err != nil {
		return sizing.Machine{}, fmt.Errorf("measuring this machine: %w", err)
	}
	return sizing.Machine{RAMMiB: facts.RAMMiB, Cores: facts.Cores, Source: sizing.SourceHost}, nil
}

// session connects and prepares a Session for --dir.
func (a *app) session(ctx context.Context, report event.Reporter) (*ops.Session, func(), error) {
	go compose.Prepare()
	e, machine, err := connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	s, err := ops.New(a.dir, e, machine, report)
	if err != nil {
		_ = e.Close()
		return nil, nil, err
	}
	s.Guard = freeze.Process
	return s, func() { _ = e.Close() }, nil
}

// look does something with the instance in --dir that changes nothing.
func (a *app) look(ctx context.Context, do func(*ops.Session) error) error {
	s, done, err := a.session(ctx, a.presenter())
	if err != nil {
		return err
	}
	defer done()
	return do(s)
}
