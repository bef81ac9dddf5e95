package ops

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/downtime"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step"
)

// keepRecovered keeps what the recovery of a run measured. When that run stopped
// OpenAlgo nobody knows exactly, and so not how long it was down.
func keepRecovered(ctx context.Context, in *Session, t *run.Tools, j *run.Journal) {
	var last *downtime.Last
	if s := run.Find[*step.StopContainer](t.Begun()); s != nil && s.Running {
		last = &downtime.Last{At: j.Started, Command: j.Command}
	}
	keepTimes(ctx, in, in.watch.Measured(), last)
}

func keepTimes(ctx context.Context, in *Session, m run.Measured, last *downtime.Last) {
	var start *downtime.Start
	if m.Start > 0 {
		if c, err := in.Engine.Container(context.WithoutCancel(ctx), m.Container); err == nil {
			start = &downtime.Start{At: time.Now().UTC().Round(0), Began: c.StartedAt, Image: c.ImageID, TookMS: m.Start.Milliseconds(), StopMS: m.Stop.Milliseconds()}
		}
	}
	if err := downtime.Keep(in.dir, start, last); err != nil {
		in.note("cannot store the length of the downtime for `status`: " + err.Error())
	}
}
