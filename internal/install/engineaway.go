package install

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// awayTime is how long Docker may be away before a run gives up. An upgrade of
// its packages takes minutes.
const awayTime = 10 * time.Minute

// awayTries is how often Docker may go away during one and the same thing.
const awayTries = 3

// acrossRestart does something with the engine that can be repeated. When the
// engine goes away in the middle (it is restarted or upgraded), it waits for it
// and does the same again: what this program stopped is not left down.
func (in *Installer) acrossRestart(ctx context.Context, do func(context.Context) error) error {
	err := do(ctx)
	for tries := 0; errors.Is(err, engine.ErrUnreachable) && tries < awayTries; tries++ {
		in.note("Docker stopped answering in the middle")
		if in.engineBack(ctx) != nil {
			return err
		}
		err = do(ctx)
	}
	return err
}

// pingTime is how long Docker may take to answer before that is said.
const pingTime = 5 * time.Second

// engineBack waits for an engine that was restarted in the middle.
func (in *Installer) engineBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, awayTime)
	defer cancel()
	ask, done := context.WithTimeout(ctx, pingTime)
	defer done()
	if in.Engine.Ping(ask) != nil {
		in.note(fmt.Sprintf("waiting for Docker to answer, for %s at most", awayTime))
	}
	return in.Engine.WaitReady(ctx)
}

// Owed reports whether a run in dir was interrupted and left something to be
// finished or undone.
func Owed(dir string) bool {
	j, err := workdir{dir}.readJournal()
	return j != nil || err != nil
}

// Recover finishes or undoes what an interrupted run left, and does nothing
// else: a machine that was restarted in the middle of a backup has OpenAlgo
// stopped, and Docker does not start what was stopped on purpose.
func (in *Installer) Recover(ctx context.Context) (Result, error) {
	if !Owed(in.work.dir) {
		return Result{Message: "nothing to do: no run was interrupted"}, nil
	}
	if err := in.engineBack(ctx); err != nil {
		return Result{}, fail(ExitHost, "%w", err)
	}
	if err := in.acrossRestart(ctx, func(ctx context.Context) error { return in.settle(ctx, "recover") }); err != nil {
		return Result{}, err
	}
	return Result{Changed: true, Message: "what an interrupted run left is finished or undone"}, nil
}
