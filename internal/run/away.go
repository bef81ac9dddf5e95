package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// awayTries is how often Docker may go away during one step.
const awayTries = 3

// AcrossRestart does what can be repeated. When Docker goes away meanwhile (it is
// restarted or upgraded), it waits for Docker and repeats, so that no container
// which this program stopped stays down.
func (t *Tools) AcrossRestart(ctx context.Context, do func(context.Context) error) error {
	err := do(ctx)
	for tries := 0; errors.Is(err, engine.ErrUnreachable) && tries < awayTries; tries++ {
		t.Note("Docker stopped answering")
		if t.EngineBack(ctx) != nil {
			return err
		}
		err = do(ctx)
	}
	return err
}

// awayTime is how long Docker may be away before a run gives up. An upgrade of
// its packages takes minutes.
const awayTime = 10 * time.Minute

// pingTime is how long Docker may take to answer before a note says so.
const pingTime = 5 * time.Second

// EngineBack waits for a Docker that was restarted meanwhile.
func (t *Tools) EngineBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, awayTime)
	defer cancel()
	ask, done := context.WithTimeout(ctx, pingTime)
	defer done()
	if t.Engine.Ping(ask) != nil {
		t.Note(fmt.Sprintf("waiting up to %s for Docker to answer", awayTime))
	}
	return t.Engine.WaitReady(ctx)
}
