package run

import (
	"context"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
)

// Stopwatch measures how long OpenAlgo is down during a run, and how long its
// start takes: from the moment its stop is asked for, or its start, to its first
// right answer. It stands between the steps and what they call, so that no step
// has to think of it.
type Stopwatch struct {
	mu       sync.Mutex
	starts   map[string]time.Time // when each container was started last
	answered time.Time            // when OpenAlgo answered last
	measured Measured
}

// Measured is what a Stopwatch has seen. The durations are of the monotonic clock.
type Measured struct {
	Stopped time.Time     // zero: OpenAlgo was not stopped
	Down    time.Duration // from then until it was ready; 0: it is not
	Stop    time.Duration // the stop's part of that
	Again   bool          // something was started
	Start   time.Duration // of the last start that ended well; 0: there was none
	// Container is the one that was started.
	Container string
}

// Watch lets the stopwatch see what steps do with some tools.
func (w *Stopwatch) Watch(t *Tools) *Tools {
	w.starts = map[string]time.Time{}
	t.Engine, t.App = watchedEngine{t.Engine, w}, watchedApp{t.App, w}
	return t
}

// Saw takes note of what is reported.
func (w *Stopwatch) Saw(e event.Event) {
	if e.Start != nil && e.Start.Stage == event.StageAnswers {
		w.mu.Lock()
		w.answered = time.Now()
		w.mu.Unlock()
	}
}

// Measured returns what was seen so far.
func (w *Stopwatch) Measured() Measured {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.measured
}

type watchedEngine struct {
	Engine
	watch *Stopwatch
}

func (e watchedEngine) Stop(ctx context.Context, id string, grace time.Duration) error {
	began := time.Now()
	first := e.watch.stops(id, began)
	err := e.Engine.Stop(ctx, id, grace)
	if first && err == nil {
		e.watch.mu.Lock()
		e.watch.measured.Stop = time.Since(began)
		e.watch.mu.Unlock()
	}
	return err
}

// stops notes that a container is stopped, and reports whether OpenAlgo goes down
// with it for the first time. A container that the run started is what an undo stops.
func (w *Stopwatch) stops(id string, now time.Time) (first bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, own := w.starts[id]
	first = !own && w.measured.Stopped.IsZero()
	if first {
		w.measured.Stopped = now
	}
	w.measured.Down = 0
	return first
}

func (e watchedEngine) Start(ctx context.Context, id string) error {
	e.watch.mu.Lock()
	e.watch.starts[id] = time.Now()
	e.watch.measured.Again = true // what was measured stays: it may be a container that only compiles
	e.watch.mu.Unlock()
	return e.Engine.Start(ctx, id)
}

func (e watchedEngine) Remove(ctx context.Context, id string) error {
	e.watch.mu.Lock()
	if id == e.watch.measured.Container {
		e.watch.measured.Down = 0
	}
	e.watch.mu.Unlock()
	return e.Engine.Remove(ctx, id)
}

type watchedApp struct {
	App
	watch *Stopwatch
}

func (a watchedApp) Ready(ctx context.Context, container string, setupDone, before bool) (needsSetup bool, err error) {
	needsSetup, err = a.App.Ready(ctx, container, setupDone, before)
	if err == nil {
		a.watch.ready(container)
	}
	return needsSetup, err
}

func (a watchedApp) Serves(ctx context.Context, v Verification, resumed bool) error {
	began := time.Now()
	err := a.App.Serves(ctx, v, resumed)
	if err == nil {
		a.watch.answeredSince(began)
	}
	return err
}

// answeredSince counts a restart that came while OpenAlgo was checked: a release that has
// made its salt is started once more.
func (w *Stopwatch) answeredSince(began time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.measured.Down > 0 && w.answered.After(began) {
		w.measured.Down = w.answered.Sub(w.measured.Stopped)
	}
}

// ready notes that OpenAlgo is ready in a container.
func (w *Stopwatch) ready(container string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	began, started := w.starts[container]
	if !started {
		return // it was up all the time
	}
	at := w.answered
	if at.Before(began) { // nobody told
		at = time.Now()
	}
	w.measured.Start, w.measured.Container = at.Sub(began), container
	if stopped := w.measured.Stopped; !stopped.IsZero() {
		w.measured.Down = at.Sub(stopped)
	}
}
