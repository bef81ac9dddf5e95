package dashboard

import (
	"slices"

	"github.com/marketcalls/openalgo-install/internal/live"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// harmless is a Snapshot in whose texts nothing is left that a terminal acts on: much
// of it comes from files and servers of others. A directory stays as it is, since
// commands are for it; where it is drawn it is made harmless.
func harmless(s live.Snapshot) live.Snapshot {
	clean := func(texts ...*string) {
		for _, text := range texts {
			*text = printable.Line(*text)
		}
	}
	clean(&s.Public, &s.Watch, &s.Trouble, &s.Broken)
	s.Instances = slices.Clone(s.Instances)
	for n := range s.Instances {
		i := &s.Instances[n]
		clean(&i.Name, &i.Reason, &i.URL, &i.Redirect, &i.Broker)
		i.Problems = slices.Clone(i.Problems)
		for k := range i.Problems {
			clean(&i.Problems[k].Text)
		}
		if i.Status != nil {
			status := *i.Status
			clean(&status.Version, &status.Tunnel)
			i.Status = &status
		}
	}
	return s
}
