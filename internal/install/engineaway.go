package install

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// awayTime is how long Docker may be away before a run gives up. An upgrade of
// its packages takes minutes.
const awayTime = 10 * time.Minute

// awayTries is how often Docker may go away during one task.
const awayTries = 3

// acrossRestart does a task that can be repeated. When Docker goes away meanwhile
// (it is restarted or upgraded), it waits for Docker and repeats the task, so that
// no container which this program stopped stays down.
func (in *Installer) acrossRestart(ctx context.Context, do func(context.Context) error) error {
	err := do(ctx)
	for tries := 0; errors.Is(err, engine.ErrUnreachable) && tries < awayTries; tries++ {
		in.note("Docker stopped answering")
		if in.engineBack(ctx) != nil {
			return err
		}
		err = do(ctx)
	}
	return err
}

// pingTime is how long Docker may take to answer before a note says so.
const pingTime = 5 * time.Second

// engineBack waits for a Docker that was restarted meanwhile.
func (in *Installer) engineBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, awayTime)
	defer cancel()
	ask, done := context.WithTimeout(ctx, pingTime)
	defer done()
	if in.Engine.Ping(ask) != nil {
		in.note(fmt.Sprintf("waiting up to %s for Docker to answer", awayTime))
	}
	return in.Engine.WaitReady(ctx)
}

// Owed reports whether a run in dir was interrupted and has to be completed or
// undone.
func Owed(dir string) bool {
	j, err := readJournal(instance.Dir(dir))
	return j != nil || err != nil
}

// Recover completes or undoes an interrupted run, and does nothing else. After a
// reboot during a backup OpenAlgo is stopped, and Docker does not start a
// container that was stopped on purpose.
func (in *Installer) Recover(ctx context.Context) (event.Result, error) {
	if !Owed(string(in.dir)) {
		return event.Result{Message: "nothing to do: no run was interrupted"}, nil
	}
	if err := in.engineBack(ctx); err != nil {
		return event.Result{}, finding.Errorf(finding.HostNotReady, "%w", err)
	}
	if err := in.acrossRestart(ctx, func(ctx context.Context) error { return in.settle(ctx, "recover") }); err != nil {
		return event.Result{}, err
	}
	return event.Result{Changed: true, Message: "the interrupted run is now complete or undone"}, nil
}
