package watch

import (
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/hoststate"
	"github.com/marketcalls/openalgo-install/internal/notify/rules"
	"github.com/marketcalls/openalgo-install/internal/order"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

const stateName = "watch.json"

// The most that the state holds, so that it never grows.
const (
	mostInstances = 50
	mostProblems  = 300
	mostFindings  = 40 // of one instance at one pace
	mostText      = 400
	// forgetAfter is when an instance is forgotten that is not seen any more.
	forgetAfter = 7 * 24 * time.Hour
)

// State is what the watch knows between its rounds.
type State struct {
	At        time.Time             `json:"at"` // of the last round
	Watched   int                   `json:"watched"`
	Instances map[string]*known     `json:"instances"` // by directory
	Rules     rules.State           `json:"rules"`     // what was told
	Disks     map[string]*roomsSeen `json:"disks"`
	PreOpened string                `json:"pre_opened,omitempty"` // the day of the last line before the market
}

// known is what is remembered of an instance.
type known struct {
	Name string    `json:"name"`
	Seen time.Time `json:"seen"`
	// Done is when the checks of each pace were made last, and Kept is what they found.
	Done map[string]time.Time `json:"done"`
	Kept map[string][]Finding `json:"kept,omitempty"`

	Container string    `json:"container,omitempty"`
	Restarts  int       `json:"restarts,omitempty"`
	Killed    time.Time `json:"killed,omitzero"` // the start of the container that lost a process
	Lately    []lately  `json:"lately,omitempty"`

	Tried   int       `json:"tried,omitempty"` // how often a recovery failed
	TriedAt time.Time `json:"tried_at,omitzero"`
}

// load reads the state. A damaged one is put aside, and that is a finding.
func (w *Watch) load(now time.Time) (*State, []Finding) {
	var s State
	err := w.Store.Load(stateName, &s)
	if err == nil {
		s.tidy(now)
		return &s, nil
	}
	s = State{}
	s.tidy(now)
	if !errors.Is(err, hoststate.ErrDamaged) {
		return &s, []Finding{{ID: "watch-state", Machine: true, Text: "the file of the watch cannot be read, so the watch begins again: " + err.Error()}}
	}
	text := "the file of the watch is damaged, and the watch begins again"
	if aside, err := w.Store.PutAside(stateName); err == nil {
		text += "; the file is kept as " + aside
	}
	return &s, []Finding{{ID: "watch-state", Machine: true, Text: text}}
}

func (w *Watch) save(s *State) error {
	s.tidy(w.Now())
	return w.Store.Save(stateName, s)
}

// Read is the state as the last round left it; zero where there was none, or it
// cannot be read.
func Read(store hoststate.Store) State {
	var s State
	if store.Load(stateName, &s) != nil {
		s = State{}
	}
	s.tidy(time.Now())
	return s
}

// tidy makes a state one that can be used: what is missing is made, what is too much
// is dropped, and no time lies in the future.
func (s *State) tidy(now time.Time) {
	if s.Instances == nil {
		s.Instances = map[string]*known{}
	}
	if s.Disks == nil {
		s.Disks = map[string]*roomsSeen{}
	}
	s.At = past(s.At, now)
	for dir, k := range s.Instances {
		if k == nil || now.Sub(k.Seen) > forgetAfter {
			delete(s.Instances, dir)
			continue
		}
		k.tidy(now)
	}
	s.Rules.Known = s.Rules.Known[:min(len(s.Rules.Known), mostProblems)]
	for n := range s.Rules.Known {
		k := &s.Rules.Known[n]
		k.Since, k.Told, k.Gone = past(k.Since, now), past(k.Told, now), past(k.Gone, now)
	}
	for id, d := range s.Disks {
		if d == nil || len(d.Samples) == 0 {
			delete(s.Disks, id)
			continue
		}
		d.tidy(now)
	}
	keepNewest(s.Instances, mostInstances, func(k *known) time.Time { return k.Seen })
	keepNewest(s.Disks, mostRooms, func(d *roomsSeen) time.Time { return d.Samples[len(d.Samples)-1].At })
}

func (k *known) tidy(now time.Time) {
	if k.Done == nil {
		k.Done = map[string]time.Time{}
	}
	if k.Kept == nil {
		k.Kept = map[string][]Finding{}
	}
	k.Name, k.Seen, k.TriedAt = short(k.Name), past(k.Seen, now), past(k.TriedAt, now)
	maps.DeleteFunc(k.Done, func(pace string, at time.Time) bool { return !isKept(pace) || at.After(now) })
	maps.DeleteFunc(k.Kept, func(pace string, _ []Finding) bool { return !isKept(pace) })
	for pace, found := range k.Kept {
		found = found[:min(len(found), mostFindings)]
		for n := range found {
			found[n] = found[n].tidy()
		}
		k.Kept[pace] = found
	}
	k.Lately = k.stillLate(now)
}

func (f Finding) tidy() Finding {
	f.ID, f.Text, f.Command = short(f.ID), short(f.Text), short(f.Command)
	return f
}

func short(text string) string {
	text = printable.Line(text)
	if len(text) > mostText {
		text = strings.ToValidUTF8(text[:mostText], "") + " …"
	}
	return text
}

// past returns a time that is not in the future. The file may be from a wrong clock, or
// written by another program.
func past(t, now time.Time) time.Time {
	if t.After(now) {
		return now
	}
	return t
}

// keepNewest drops what is more than a map may hold.
func keepNewest[T any](all map[string]*T, most int, at func(*T) time.Time) {
	if len(all) <= most {
		return
	}
	var keys []string
	for key := range all {
		keys = append(keys, key)
	}
	order.By(keys, func(a, b string) int { return at(all[b]).Compare(at(all[a])) })
	for _, key := range keys[most:] {
		delete(all, key)
	}
}
