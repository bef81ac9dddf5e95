package live

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/status"
)

// Docker is what this package uses of Docker.
type Docker interface {
	status.Docker
	Sketches(ctx context.Context) ([]engine.Container, error)
	Load(ctx context.Context, id string) (engine.Load, error)
	Events(ctx context.Context, labels ...string) (<-chan engine.Event, <-chan error)
	RemoteDigest(ctx context.Context, ref string) (string, error)
}

// Options are what a Watcher needs to know.
type Options struct {
	Docker  Docker
	Machine sizing.Machine
	Dir     string // "": every instance; else the one in this directory
	// Beside is a directory that may have an instance without a container; "" is none.
	Beside string
	// Public finds this machine's public address; nil: nobody asks.
	Public func(context.Context) string
	// Watch says whether this machine is watched while nobody looks; nil: nobody asks.
	Watch func(context.Context) string
	// Examine finds what changes seldom and takes long; nil: nothing does.
	Examine func(ctx context.Context, dir string) []Problem
}

// How often what is looked at, and how long that may take.
const (
	loadEvery, loadTime     = 2 * time.Second, 2 * time.Second
	askEvery, askTime       = 5 * time.Second, 4 * time.Second
	listEvery, listTime     = 30 * time.Second, 10 * time.Second
	statusEvery, statusTime = time.Minute, 45 * time.Second
	rareEvery, rareTime     = time.Hour, 30 * time.Second
	examineEvery            = 15 * time.Minute
	examineTime             = time.Minute
	atOnce                  = 4 // questions to Docker
	atOneRound              = 6 // containers that are measured
)

// Watcher keeps looking.
type Watcher struct {
	Options
	*record
	again   chan struct{} // somebody wants everything to be looked at now
	listed  chan struct{} // the containers were listed again
	settled chan struct{} // an instance became ready
	turn    int           // the container that is measured next, where there are many
}

// New returns a Watcher that has seen nothing yet.
func New(o Options) *Watcher {
	return &Watcher{Options: o, record: newRecord(o.Machine.Cores), again: make(chan struct{}, 1),
		listed: make(chan struct{}, 1), settled: make(chan struct{}, 1)}
}

// Refresh has everything looked at now.
func (w *Watcher) Refresh() {
	poke(w.again)
	poke(w.settled)
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run keeps looking until ctx ends, and returns when nothing looks any more.
func (w *Watcher) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { w.every(ctx, askEvery, nil, func() { w.follow(ctx) }) }) // Docker may go away, and come back
	all.Go(func() { w.every(ctx, askEvery, w.listed, func() { w.each(ctx, askTime, w.running(), w.askOne) }) })
	all.Go(func() { w.every(ctx, loadEvery, nil, func() { w.each(ctx, loadTime, inTurn(w), w.measureOne) }) })
	all.Go(func() { w.every(ctx, statusEvery, w.settled, func() { w.lookAtAll(ctx) }) })
	all.Go(func() {
		pause(ctx, loadEvery) // the first frames come before it
		w.every(ctx, rareEvery, nil, func() { w.askElsewhere(ctx) })
	})
	all.Go(func() {
		pause(ctx, askEvery)
		w.every(ctx, examineEvery, nil, func() { w.examine(ctx) })
	})
	all.Wait()
}

// every does something again and again: after d, or when before has an element.
func (w *Watcher) every(ctx context.Context, d time.Duration, before <-chan struct{}, do func()) {
	for ctx.Err() == nil {
		w.guarded(do)
		timer := time.NewTimer(d)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-before:
		}
		timer.Stop()
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// List looks for the instances once, so that there is something to show.
func (w *Watcher) List(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	defer poke(w.listed)
	return w.list(ctx)
}

// Sketch looks for the instances by one question to Docker, so that a first frame waits
// for no more. Run looks at each of them as soon as it begins.
func (w *Watcher) Sketch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	containers, err := w.Docker.Sketches(ctx)
	w.heard(err)
	if err == nil {
		take(w, containers, true)
	}
	poke(w.again)
	return err
}

// follow lists the containers again when something happens to one of them.
func (w *Watcher) follow(ctx context.Context) {
	events, _ := w.Docker.Events(ctx)
	w.until(ctx, events)
}

// until lists the containers after every event that matters, till there are no more.
func (w *Watcher) until(ctx context.Context, events <-chan engine.Event) {
	soon := time.NewTimer(listEvery)
	defer soon.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-events:
			if !ok {
				return
			}
			if matters(e) {
				soon.Reset(200 * time.Millisecond) // several come at once
			}
			continue
		case <-w.again:
		case <-soon.C:
		}
		soon.Reset(listEvery)
		_ = w.List(ctx)
	}
}

// quiet are the beginnings of events that change nothing that is seen.
var quiet = []string{"exec_", "top", "attach", "resize", "archive-path", "extract", "copy", "commit", "export"}

// matters reports whether an event may change what is seen.
func matters(e engine.Event) bool {
	return e.Type == "container" && !slices.ContainsFunc(quiet, func(begin string) bool { return strings.HasPrefix(e.Action, begin) })
}

// inTurn are containers to be measured now, a few in each round: a machine with many
// instances is not kept busy by it. One goroutine calls it.
func inTurn(w *Watcher) []engine.Container {
	all := w.running()
	if len(all) <= atOneRound {
		return all
	}
	from := w.turn % len(all)
	w.turn = from + atOneRound
	return append(slices.Clone(all[from:]), all[:from]...)[:atOneRound]
}

// each does something for some containers, for a few at a time. What is
// not answered in time is asked again in the next round.
func (w *Watcher) each(ctx context.Context, most time.Duration, some []engine.Container, do func(context.Context, engine.Container)) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for _, c := range some {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			w.guarded(func() { do(ctx, c) })
		})
	}
	all.Wait()
}
