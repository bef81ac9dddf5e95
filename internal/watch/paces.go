package watch

import (
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/order"
)

// Always, Hourly and Daily are how often doctor's checks are made, by its names for
// them.
const (
	Always = ""
	Hourly = "hourly"
	Daily  = "daily"
)

// isKept reports whether what a pace found is remembered until its checks come again.
func isKept(pace string) bool { return pace == Hourly || pace == Daily }

// paces are those whose checks are to be made, for each of some instances. The slow
// ones are made for a few instances a round, those first that wait longest: a round has
// an end.
func (s *State) paces(dirs []string, now time.Time) map[string][]string {
	dirs = slices.Clone(dirs)
	order.By(dirs, func(a, b string) int { return s.Instances[a].done().Compare(s.Instances[b].done()) })
	out, slow := map[string][]string{}, 0
	for _, dir := range dirs {
		out[dir] = s.Instances[dir].due(now)
		if len(out[dir]) == 1 {
			continue
		}
		if slow++; slow > atOnce {
			out[dir] = []string{Always}
		}
	}
	return out
}

// done is when the slow checks of an instance were made last; zero: never.
func (k *known) done() time.Time {
	if k == nil {
		return time.Time{}
	}
	return k.Done[Hourly]
}

// due are the paces whose time has come.
func (k *known) due(now time.Time) []string {
	out := []string{Always}
	if k == nil {
		return append(out, Hourly, Daily)
	}
	for _, pace := range []string{Hourly, Daily} {
		every := time.Hour
		if pace == Daily {
			every = daily
		}
		// A round is never to the second.
		if done, ok := k.Done[pace]; !ok || now.Sub(done) > every-time.Minute {
			out = append(out, pace)
		}
	}
	return out
}

// keep remembers what checks found that are not made in each round, and adds it to what
// was found now.
func (s *State) keep(seen *Seen, now time.Time) {
	s.meet(Seen{Name: seen.Name, Dir: seen.Dir, Busy: true}, now)
	k := s.Instances[seen.Dir]
	if !seen.Busy {
		for _, pace := range seen.asked {
			if pace != Always {
				k.Done[pace], k.Kept[pace] = now, seenOrKept(seen.found[pace], k.Kept[pace])
			}
		}
	}
	k.tidy(now)
	seen.Findings = append(seen.Findings, seen.found[Always]...)
	seen.Findings = append(append(seen.Findings, k.Kept[Hourly]...), k.Kept[Daily]...)
}

// seenOrKept is what checks found, with what of before could not be looked at now.
func seenOrKept(found, before []Finding) (out []Finding) {
	var unseen []string
	for _, f := range found {
		if len(f.Unseen) > 0 {
			unseen = append(unseen, f.Unseen...)
			continue
		}
		out = append(out, f)
	}
	for _, f := range before {
		if slices.Contains(unseen, f.ID) && !slices.ContainsFunc(out, func(o Finding) bool { return o.ID == f.ID }) {
			out = append(out, f)
		}
	}
	return out
}
