package cluster

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// act is one thing that a command does in the cluster, in the order of its plan.
type act struct {
	id, text string
	do       func(context.Context) error
	// back says that it leads back: it is done whatever failed, once anything was.
	back bool
}

// texts are the plan as a person reads it.
func texts(acts []act) (lines []string) {
	for _, a := range acts {
		lines = append(lines, a.text)
	}
	return lines
}

// mostBack is how long each way back may take, also for somebody who pressed Ctrl+C.
const mostBack = 30 * time.Minute

// carry does all of them. failed is what went wrong first, notBack what went wrong on
// the way back.
func carry(ctx context.Context, report event.Reporter, acts []act) (failed, notBack error) {
	began := false
	for _, a := range acts {
		isBack := a.back && began
		if !isBack && (failed != nil || notBack != nil || ctx.Err() != nil) {
			continue
		}
		first := !began
		began = true
		do := ctx
		if a.back {
			limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), mostBack)
			defer cancel()
			do = limited
		}
		end := event.Begin(report, a.id, a.text)
		err := a.do(do)
		end(err)
		if first && finding.IDOf(err) == "cluster-busy" {
			return err, nil // another run has OpenAlgo stopped: what it has is not to be removed
		}
		switch {
		case err == nil:
		case a.back && notBack == nil:
			notBack = err
		case failed == nil:
			failed = err
		}
	}
	if failed == nil && notBack == nil {
		failed = ctx.Err()
	}
	return failed, notBack
}
