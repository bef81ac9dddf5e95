package watch

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/notify"
)

// pauses are how long after a recovery that failed the next one is tried.
var pauses = []time.Duration{10 * time.Minute, time.Hour, 6 * time.Hour}

// owing are the instances whose interrupted run is to be completed or undone now.
func (s *State) owing(sight Sight, now time.Time) (out []Seen) {
	for _, seen := range sight.Instances {
		if !seen.Owes || seen.Busy {
			continue
		}
		if k := s.Instances[seen.Dir]; k != nil && k.Tried > 0 && now.Sub(k.TriedAt) < pauses[min(k.Tried, len(pauses))-1] {
			continue
		}
		out = append(out, seen)
	}
	return out
}

// Settle completes or undoes what interrupted runs owe, and tells how that went. It
// takes as long as a start takes, so it comes after the round.
func (w *Watch) Settle(ctx context.Context, r Report) []notify.Message {
	var told []notify.Message
	for _, seen := range r.owing {
		text, err := w.Recover(ctx, seen.Dir)
		if ctx.Err() != nil {
			break // the next round goes on
		}
		label := "OpenAlgo (" + seen.Name + ")"
		m := notify.Message{Event: "recovered", Instance: seen.Name, Severity: notify.Info, At: w.Now(),
			Title: "openalgo-install completed or undid the interrupted run on " + label, Text: text}
		if err != nil {
			m = notify.Message{Event: "recover-failed", Instance: seen.Name, Severity: notify.Problem, At: w.Now(), Title: of(manners["recover-failed"].title, label),
				Text: err.Error(), Command: finding.Prompt{Dir: seen.Dir, Sudo: true}.Command("doctor")}
		}
		if w.tried(ctx, seen, err) {
			told = append(told, m)
		}
	}
	if len(told) > 0 {
		_ = w.Tell(ctx, told...) // kept and sent later where it cannot be sent now
	}
	return told
}

// tried remembers how a recovery went, and reports whether that is news: one that fails
// again is told by the problem it leaves.
func (w *Watch) tried(ctx context.Context, seen Seen, failed error) bool {
	free, err := w.Store.Lock(ctx, "watch", RoundTime)
	if err != nil {
		return true
	}
	defer free()
	now := w.Now()
	s, _ := w.load(now)
	k := s.Instances[seen.Dir]
	if k == nil {
		return true
	}
	first := k.Tried == 0
	if failed == nil {
		k.Tried, k.TriedAt = 0, time.Time{}
	} else {
		k.Tried, k.TriedAt = k.Tried+1, now
	}
	return w.save(s) != nil || failed == nil || first
}
