package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/watch"
)

// keepWatch sets up the watch that the answers ask for, after an install that succeeded.
// It belongs to the machine, and so to no plan of an instance: that it cannot be set up
// is a warning.
func keepWatch(ctx context.Context, a *app, all []answers.Named) {
	for _, one := range all {
		w := one.Answers.Watch
		if !w.Enabled {
			continue
		}
		clock, _ := preOpenClock(cmp.Or(w.PreOpen, watch.PreOpenUsual)) // the answers were checked
		if on := later.LoadWatch(ctx); on != nil && on.PreOpen == clock && on.Problem == "" {
			return
		}
		out := a.stdout
		if a.json {
			out = a.stderr
		}
		tell := func(w *finding.Error) { warn(a.stderr, a.prompt(), w) }
		result, err := setWatch(ctx, "", clock, tell)
		if err != nil {
			tell(finding.Warn("watch-not-set", "the watch could not be turned on: %w", err).With(finding.HintsOf(err)...))
			return
		}
		fmt.Fprintln(out, result.Message)
		return
	}
}
