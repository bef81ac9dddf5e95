// Package consent holds what was agreed to before the lock is taken, so that nobody
// waits for somebody's answer.
package consent

import (
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

// Tries is how often a plan is asked about that other runs change meanwhile.
const Tries = 3

// ErrOther says that the plan is not the one that was agreed to.
var ErrOther = finding.Named(finding.HostNotReady, "plan-changed", "the plan is a different one now: another run changed this machine in the meantime, or a market opened").Ending(finding.Unchanged)

// Given is what was agreed to: by a person who read the plan, or by flags in advance.
type Given struct {
	changes []plan.Change
	asks    []plan.Ask
	any     bool // whatever the plan is
	shown   bool // a person read it
}

// Ask asks for consent to a plan; a confirm that is nil agrees to everything.
func Ask(confirm func(*plan.Plan) (shown bool, err error), p *plan.Plan) (Given, error) {
	if confirm == nil {
		return Given{any: true}, nil
	}
	shown, err := confirm(p)
	return Given{changes: slices.Clone(p.Changes), asks: slices.Clone(p.Asks), shown: shown}, err
}

// Answers reports whether a plan that was made later asks nothing else.
func (g Given) Answers(p *plan.Plan) bool {
	return g.any || !slices.ContainsFunc(p.Asks, func(ask plan.Ask) bool {
		return !slices.ContainsFunc(g.asks, func(before plan.Ask) bool { return isSame(before, ask) })
	})
}

// Covers reports whether a plan that was made later asks and does nothing else. Flags
// agree to whatever is done, but not to a question that was not asked.
func (g Given) Covers(p *plan.Plan) bool {
	return g.Answers(p) && (g.any || !g.shown || slices.EqualFunc(g.changes, p.Changes, func(a, b plan.Change) bool {
		return a.Kind == b.Kind && a.Name == b.Name && a.Action == b.Action && a.Diff == b.Diff
	}))
}

// isSame reports whether two questions are about the same. Some name figures that change
// from one moment to the next.
func isSame(a, b plan.Ask) bool {
	switch a.Kind {
	case plan.AskMarket, plan.AskDown, plan.AskReplace, plan.AskRemove:
		return a.Kind == b.Kind
	}
	return a == b
}

// Tell reports a plan and what its findings warn of, to a person only what was not read
// before.
func (g Given) Tell(to event.Reporter, dir string, p *plan.Plan) {
	report := event.ReporterFunc(func(e event.Event) {
		e.Time, e.Shown = time.Now(), g.shown
		to.Report(e)
	})
	if p.Intent.Run == plan.Changed {
		report(event.Event{Type: event.TypePlan, Plan: p})
	} else if p.Downtime != nil {
		report(event.Event{Type: event.TypeNote, Message: p.Downtime.Text})
	}
	for _, w := range p.Findings {
		if !p.Intent.Resizes() { // its table has them
			event.Warn(report, dir, w)
		}
	}
}
