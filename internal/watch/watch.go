// Package watch looks after every OpenAlgo of a machine while nobody does. A round
// looks at all of them, remembers what is wrong, and tells what is new and what is
// over. It fixes nothing by itself but what an interrupted run owes.
package watch

import (
	"context"
	"errors"
	"time"

	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/hoststate"
	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// RoundTime bounds one round; what an interrupted run owes comes after it.
const RoundTime = 60 * time.Second

// How long sending may take once a round has looked.
const tellTime = 90 * time.Second

// ErrBusy says that another round is at work.
var ErrBusy = errors.New("another round of the watch is at work")

// Finding is something that is wrong now.
type Finding struct {
	ID      string    `json:"id"`
	Text    string    `json:"text"`
	Command string    `json:"command,omitempty"` // what helps
	Ends    time.Time `json:"ends,omitzero"`     // of what is good until then
	Machine bool      `json:"machine,omitempty"` // it is the same for every instance
	// Unseen are the IDs of findings that could not be looked for: nothing else is said
	// then.
	Unseen []string `json:"-"`
}

// Seen is what a round saw of one instance.
type Seen struct {
	Name, Dir string
	// Busy says that a run of ours is at work there: nothing is judged meanwhile.
	Busy     bool
	Ready    bool
	Starting bool
	Reason   string // why it is not ready
	Crypto   bool   // its market never closes
	Owes     bool   // a run was interrupted, and has to be completed or undone
	Findings []Finding

	calendar  *calendar.Calendar // nil: not known
	container *engine.Container
	load      *engine.Load
	shared    int64                // bytes of its shared memory in use; -1 is not known
	asked     []string             // the paces of the checks that were made
	found     map[string][]Finding // by them
}

// Sight is what a round saw.
type Sight struct {
	Docker    string // why Docker did not answer; "" where it did
	Instances []Seen
	Findings  []Finding // about this machine
	// Alone says that one instance was looked at, and no other.
	Alone bool
	// Partial says that time was over before all was seen.
	Partial bool
	// Booting says that this machine has just started, and Docker may be on its way up.
	Booting bool
}

// Watch is what a round needs.
type Watch struct {
	Store hoststate.Store
	Now   func() time.Time
	Rules notify.Rules // as the owner chose
	// PreOpen is when the line before the market opens is sent, HH:MM IST; "" is never.
	PreOpen string

	// Uptime is how long this machine has been up; nil is not known.
	Uptime func() time.Duration

	Look    func(context.Context, *State) Sight
	Tell    func(context.Context, ...notify.Message) error
	Ping    func(ctx context.Context, failed bool) error
	Recover func(ctx context.Context, dir string) (string, error)
}

// Report is how a round went.
type Report struct {
	At       time.Time        `json:"at"`
	Watched  int              `json:"instances"`
	Problems []Problem        `json:"problems"`
	Told     []notify.Message `json:"told"`
	// Untold says why messages could not be kept or sent.
	Untold string `json:"untold,omitempty"`
	owing  []Seen
}

// Round looks once, and tells what is new.
func (w *Watch) Round(ctx context.Context) (Report, error) {
	free, err := w.Store.Lock(ctx, "watch", time.Millisecond)
	switch {
	case wait.IsOver(err):
		return Report{}, ErrBusy
	case err != nil:
		return Report{}, err
	}
	defer free()
	now := w.Now()
	state, aside := w.load(now)
	looking, cancel := context.WithTimeout(ctx, RoundTime)
	sight := w.Look(looking, state)
	cancel()
	if ctx.Err() != nil {
		return Report{}, ctx.Err() // it saw half of it
	}
	sight.Booting = sight.Docker != "" && w.Uptime != nil && w.Uptime() < bootTime
	sight.Findings = append(sight.Findings, aside...)
	report := Report{At: now, Watched: len(sight.Instances), owing: state.owing(sight, now)}
	report.Told = append(state.take(now, &sight, w.Rules), w.preOpen(state, sight, now)...)
	report.Problems = state.Problems()
	state.At, state.Watched = now, len(sight.Instances)
	w.tell(ctx, &report, !sight.Partial && sight.Docker == "")
	return report, w.save(state)
}

// tell sends what is to be told, and says that a round was made.
func (w *Watch) tell(ctx context.Context, r *Report, whole bool) {
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	if err := w.Tell(ctx, r.Told...); err != nil {
		r.Untold = err.Error()
	}
	failed := false
	for _, p := range r.Problems {
		failed = failed || p.Severity == notify.Problem.String() && p.Told
	}
	if whole || failed { // a half round says nothing, and the service sees that none came
		if err := w.Ping(ctx, failed); err != nil && r.Untold == "" {
			r.Untold = err.Error()
		}
	}
}
