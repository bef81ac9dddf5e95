// Package rules says when a problem is told: once when it begins, once when it ends,
// and again after some hours. It does no I/O, and the time is handed in.
package rules

import (
	"cmp"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/order"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Problem is something that is wrong now.
type Problem struct {
	Instance string // "" is the machine
	Check    string // with Instance it names the problem from round to round
	Severity notify.Severity
	Title    string // a whole statement: OpenAlgo (openalgo) is not ready
	Text     string // why: the database is locked
	Command  string // what helps: sudo openalgo-install doctor
	Over     string // the statement at its end: OpenAlgo (openalgo) is ready again
	// Lasting problems are told with their beginning: "… is not ready since 08:52 IST".
	Lasting bool
	// Urgent problems are told again sooner while a market is open.
	Urgent bool
	// AtOnce problems have happened and need no second look, such as a backup that failed.
	AtOnce bool
	// Every is after what time it is told again; 0: as the owner chose.
	Every time.Duration
	// Stage is how far it has come: a problem that comes further is told again at once.
	Stage int
	// NoEnd problems have happened: there is no end to tell.
	NoEnd bool
	// Down problems of the machine leave nothing to say about its instances.
	Down bool
}

// Round is what one round of checks saw.
type Round struct {
	Now      time.Time
	Open     bool // a market is open
	Problems []Problem
	// Maintenance are instances that a command of ours is changing: nothing about them
	// is told, for an hour at most.
	Maintenance []string
	// Unknown are problems that could not be looked for: neither there nor over.
	Unknown []ID
}

// ID names a problem. With no Check it is all of an instance.
type ID struct{ Instance, Check string }

// How long something lasts before it counts, and how much is remembered.
const (
	pending         = 2 * time.Minute // or two rounds
	rounds          = 2
	mostMaintenance = time.Hour
	mostKept        = 500
)

// State is what was told so far. It is kept as JSON.
type State struct {
	Known       []known              `json:"known"`
	Maintenance map[string]time.Time `json:"maintenance,omitempty"` // since when
}

// known is a problem that was there in an earlier round.
type known struct {
	ID
	Problem Problem   `json:"problem"`
	Since   time.Time `json:"since"`
	Seen    int       `json:"seen"`            // in how many rounds
	Told    time.Time `json:"told,omitzero"`   // last; zero: it was not
	Gone    time.Time `json:"gone,omitzero"`   // since when it is not seen any more
	Missed  int       `json:"missed"`          // in how many rounds
	Stage   int       `json:"stage,omitempty"` // that was told
}

// Judge takes in a round, and returns what is to be told of it: in one letter.
func (s *State) Judge(r Round, set notify.Rules) []notify.Message {
	set.Repeat, set.Urgent = cmp.Or(set.Repeat, notify.Usual), cmp.Or(set.Urgent, notify.UsualUrgent)
	s.maintain(r)
	hidden := func(id ID) bool {
		since, ok := s.Maintenance[id.Instance]
		return ok && r.Now.Sub(since) < mostMaintenance
	}
	down := slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Down && p.Instance == "" })
	s.see(r, func(id ID) bool { return hidden(id) || down && id.Instance != "" })
	var out []notify.Message
	for i := range s.Known {
		k := &s.Known[i]
		if hidden(k.ID) || down && k.Instance != "" || r.unknown(k.ID) {
			continue
		}
		if k.Problem.Severity < notify.Problem && set.Quiet.Has(r.Now) {
			continue // told after them, if there is still something to tell
		}
		switch {
		case !k.Gone.IsZero():
			if !k.Told.IsZero() && k.isOver(r.Now) {
				if !k.Problem.NoEnd {
					out = append(out, k.end(r.Now))
				}
				k.Told = time.Time{}
			}
		case k.Told.IsZero() && k.isSure(r.Now), !k.Told.IsZero() && k.Problem.Stage > k.Stage:
			out = append(out, k.begin(r.Now, ""))
		case !k.Told.IsZero() && r.Now.Sub(k.Told) >= after(set, k.Problem, r.Open):
			out = append(out, k.begin(r.Now, "Still: "))
		}
	}
	s.forget(r.Now)
	// The worst first, ends last.
	order.By(out, func(a, b notify.Message) int {
		if a.Ended != b.Ended {
			return cmp.Compare(bit(a.Ended), bit(b.Ended))
		}
		return cmp.Compare(b.Severity, a.Severity)
	})
	return out
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// maintain notes since when each instance is being changed.
func (s *State) maintain(r Round) {
	for name := range s.Maintenance {
		if !slices.Contains(r.Maintenance, name) {
			delete(s.Maintenance, name)
		}
	}
	for _, name := range r.Maintenance {
		if s.Maintenance == nil {
			s.Maintenance = map[string]time.Time{}
		}
		if _, ok := s.Maintenance[name]; !ok {
			s.Maintenance[name] = r.Now
		}
	}
}

// see takes in which problems are there, and which no more.
func (s *State) see(r Round, skip func(ID) bool) {
	for _, p := range r.Problems {
		id := ID{p.Instance, p.Check}
		if skip(id) {
			continue
		}
		i := slices.IndexFunc(s.Known, func(k known) bool { return k.ID == id })
		if i < 0 {
			if len(s.Known) >= mostKept {
				continue
			}
			s.Known = append(s.Known, known{ID: id, Since: r.Now})
			i = len(s.Known) - 1
		}
		k := &s.Known[i]
		k.Problem, k.Seen = p, k.Seen+1
		k.Gone, k.Missed = time.Time{}, 0 // one round without it was no end
	}
	for i := range s.Known {
		k := &s.Known[i]
		there := slices.ContainsFunc(r.Problems, func(p Problem) bool { return ID{p.Instance, p.Check} == k.ID })
		if there || skip(k.ID) || r.unknown(k.ID) {
			continue
		}
		if k.Gone.IsZero() {
			k.Gone = r.Now
		}
		k.Missed++
	}
}

// forget drops what is over and needs no word.
func (s *State) forget(now time.Time) {
	s.Known = slices.DeleteFunc(s.Known, func(k known) bool { return k.Told.IsZero() && !k.Gone.IsZero() && (k.isOver(now) || k.Seen < rounds) })
}

func (r Round) unknown(id ID) bool {
	return slices.Contains(r.Unknown, id) || slices.Contains(r.Unknown, ID{Instance: id.Instance})
}

// isSure reports whether a problem is more than a moment's.
func (k known) isSure(now time.Time) bool {
	return k.Problem.AtOnce || k.Seen >= rounds || now.Sub(k.Since) >= pending
}

// isOver reports whether it does not come back the next moment.
func (k known) isOver(now time.Time) bool {
	return k.Missed >= rounds || now.Sub(k.Gone) >= pending
}

// after is how long until a problem is told again.
func after(set notify.Rules, p Problem, open bool) time.Duration {
	if p.Every > 0 {
		return p.Every
	}
	if p.Urgent && open {
		return min(set.Urgent, set.Repeat)
	}
	return set.Repeat
}

// begin tells a problem, for the first time or again.
func (k *known) begin(now time.Time, again string) notify.Message {
	m := k.message(now)
	m.Title = again + m.Title
	if k.Problem.Lasting {
		m.Title += " since " + clock(k.Since, now)
	}
	m.Text, m.Command = k.Problem.Text, k.Problem.Command
	k.Told, k.Stage = now, k.Problem.Stage
	return m
}

// end tells that a problem is over.
func (k *known) end(now time.Time) notify.Message {
	m := k.message(now)
	m.Title = cmp.Or(k.Problem.Over, "Over: "+k.Problem.Title)
	m.Text = "It lasted " + span(k.Gone.Sub(k.Since)) + ", until " + clock(k.Gone, now)
	m.Ended = true
	return m
}

func (k *known) message(now time.Time) notify.Message {
	return notify.Message{Event: k.Check, Instance: k.Instance, Title: k.Problem.Title, Severity: k.Problem.Severity, At: now, Since: k.Since}
}

// clock is a time of today, or a whole one.
func clock(at, now time.Time) string {
	if market.Day(at) == market.Day(now) {
		return at.In(market.IST).Format("15:04 MST")
	}
	return market.Text(at)
}

// span is how long something lasted, for a person.
func span(d time.Duration) string {
	minutes := int((d + 30*time.Second) / time.Minute)
	switch {
	case minutes < 1:
		return "less than a minute"
	case minutes < 60:
		return printable.Count(minutes, "minute")
	case minutes < 48*60 && minutes%60 != 0:
		return printable.Count(minutes/60, "hour") + " " + printable.Count(minutes%60, "minute")
	case minutes < 48*60:
		return printable.Count(minutes/60, "hour")
	}
	return printable.Count(minutes/(24*60), "day")
}
