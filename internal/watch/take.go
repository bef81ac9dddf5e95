package watch

import (
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/notify/rules"
)

// Problem is something that is wrong, as it is listed.
type Problem struct {
	ID       string    `json:"id"`
	Instance string    `json:"instance,omitempty"` // "" is the machine
	Severity string    `json:"severity"`
	Text     string    `json:"text"`
	Command  string    `json:"command,omitempty"`
	Since    time.Time `json:"since"`
	// Told says that it was told; one that was seen once may be gone in the next round.
	Told bool `json:"told"`
}

// of puts the name of an instance into a text.
func of(text, name string) string { return strings.ReplaceAll(text, "%s", name) }

// take takes in what a round saw, and returns what is to be told.
func (s *State) take(now time.Time, sight *Sight, set notify.Rules) []notify.Message {
	r := rules.Round{Now: now}
	add := func(f Finding, name string) {
		if p, ok := problem(f.tidy(), name, now); ok && !has(r.Problems, p) {
			r.Problems = append(r.Problems, p)
		}
	}
	if sight.Docker != "" && !sight.Booting {
		add(Finding{ID: "engine-unusable", Text: sight.Docker, Machine: true}, "")
	}
	for _, f := range sight.Findings {
		add(f, "")
	}
	names := map[string]bool{}
	busy := false // what it found of the machine is not looked for
	for _, seen := range sight.Instances {
		r.Open = r.Open || len(market.Open(now, seen.Crypto, seen.calendar)) > 0
		names[seen.Name] = true
		s.meet(seen, now)
		if seen.Busy {
			r.Maintenance, busy = append(r.Maintenance, seen.Name), true
			continue
		}
		if k := s.Instances[seen.Dir]; isDownBy(seen.Findings) {
			k.Lately = nil // it is a part of that
		}
		for _, f := range s.Instances[seen.Dir].events(now) {
			add(f, seen.Name)
		}
		for _, f := range seen.Findings {
			if f.ID != restarted { // doctor counts those of long ago, too
				add(f, seen.Name)
			}
		}
	}
	r.Problems = withoutFollowing(r.Problems)
	for _, k := range s.Rules.Known {
		switch {
		case follows(r.Problems, k.Problem):
			r.Unknown = append(r.Unknown, k.ID) // only its cause can be seen
		case k.Instance == "" || names[k.Instance]:
			known := k.Check == "engine-unusable" && !sight.Booting && !sight.Partial || k.Check == "round-long"
			if !known && (sight.Docker != "" || sight.Partial) || busy && k.Instance == "" && !has(r.Problems, k.Problem) {
				r.Unknown = append(r.Unknown, k.ID)
			}
		case sight.Docker != "" || sight.Partial || sight.Alone:
			r.Unknown = append(r.Unknown, k.ID) // it was not looked for
		}
	}
	s.leave(names, sight)
	return s.Rules.Judge(r, set)
}

// has reports whether a problem is among others: several instances find the same of
// their machine.
func has(all []rules.Problem, p rules.Problem) bool {
	for n, other := range all {
		if other.Instance == p.Instance && other.Check == p.Check {
			if p.Severity > other.Severity {
				all[n] = p
			}
			return true
		}
	}
	return false
}

// isDownBy reports whether an instance is down by what was found.
func isDownBy(all []Finding) bool {
	return slices.ContainsFunc(all, func(f Finding) bool { return manners[f.ID].as == isDownID })
}

// follows reports whether a problem follows from another one of the same instance.
func follows(all []rules.Problem, p rules.Problem) bool {
	return slices.ContainsFunc(all, func(cause rules.Problem) bool {
		return cause.Instance == p.Instance && slices.Contains(follow[cause.Check], p.Check)
	})
}

// withoutFollowing drops what follows from another problem of the same instance.
func withoutFollowing(all []rules.Problem) (out []rules.Problem) {
	for _, p := range all {
		if !follows(all, p) {
			out = append(out, p)
		}
	}
	return out
}

// meet remembers an instance.
func (s *State) meet(seen Seen, now time.Time) {
	k := s.Instances[seen.Dir]
	if k == nil {
		k = &known{}
		k.tidy(now)
		s.Instances[seen.Dir] = k
	}
	k.Name, k.Seen = seen.Name, now
	if !seen.Busy {
		k.notice(seen, now)
	}
}

// leave forgets the problems of instances that were removed: there is no end of them to
// tell.
func (s *State) leave(names map[string]bool, sight *Sight) {
	if sight.Docker != "" || sight.Partial || sight.Alone {
		return
	}
	kept := s.Rules.Known[:0]
	for _, k := range s.Rules.Known {
		if k.Instance == "" || names[k.Instance] {
			kept = append(kept, k)
		}
	}
	s.Rules.Known = kept
	for dir, k := range s.Instances {
		if !names[k.Name] {
			delete(s.Instances, dir)
		}
	}
}

// Problems lists what is wrong, as the last round saw it.
func (s *State) Problems() []Problem {
	out := []Problem{}
	for _, k := range s.Rules.Known {
		if !k.Gone.IsZero() {
			continue
		}
		p := k.Problem
		text := p.Title
		if p.Text != "" {
			text += ": " + p.Text
		}
		out = append(out, Problem{ID: k.Check, Instance: k.Instance, Severity: p.Severity.String(), Text: text, Command: p.Command, Since: k.Since, Told: !k.Told.IsZero()})
	}
	return out
}
