package run_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// clocked is a Docker and OpenAlgo for which everything takes a moment.
type clocked struct {
	run.Engine
	run.App
	fails error
}

const moment = time.Millisecond

func (clocked) Start(context.Context, string) error { time.Sleep(moment); return nil }

func (clocked) Stop(context.Context, string, time.Duration) error { time.Sleep(moment); return nil }

func (clocked) Remove(context.Context, string) error { return nil }

func (c *clocked) Ready(context.Context, string, bool, bool) (bool, error) {
	time.Sleep(moment)
	return false, c.fails
}

func TestStopwatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		run                   string // each letter is what a step does
		stopped, again        bool
		down, start, stopTook bool
		of                    string
	}{
		"nothing":                       {run: ""},
		"it is asked":                   {run: "?n"},
		"a stop":                        {run: "-o", stopped: true, stopTook: true},
		"a start":                       {run: "+n?n", again: true, start: true, of: "n"},
		"a change":                      {run: "-o+n?n", stopped: true, stopTook: true, again: true, down: true, start: true, of: "n"},
		"a restart":                     {run: "-o+o?o", stopped: true, stopTook: true, again: true, down: true, start: true, of: "o"},
		"started twice":                 {run: "-o+o+o?o", stopped: true, stopTook: true, again: true, down: true, start: true, of: "o"},
		"it does not get ready":         {run: "-o+n!n", stopped: true, stopTook: true, again: true},
		"back":                          {run: "-o+n!n-n-o+o?o", stopped: true, stopTook: true, again: true, down: true, start: true, of: "o"},
		"back, and down":                {run: "-o+n?n-n-o+o!o", stopped: true, stopTook: true, again: true, start: true, of: "n"},
		"removed":                       {run: "-o+n?nxn", stopped: true, stopTook: true, again: true, start: true, of: "n"},
		"the previous one is removed":   {run: "-o+n?nxo", stopped: true, stopTook: true, again: true, down: true, start: true, of: "n"},
		"one that it started and stops": {run: "+n!n-n", again: true},
	} {
		w, docker := &run.Stopwatch{}, &clocked{}
		tools := w.Watch(&run.Tools{Engine: docker, App: docker})
		began := time.Now()
		for i := 0; i < len(c.run); i += 2 {
			id := c.run[i+1 : i+2]
			docker.fails = nil
			switch c.run[i] {
			case '-':
				_ = tools.Engine.Stop(t.Context(), id, 0)
			case '+':
				_ = tools.Engine.Start(t.Context(), id)
			case 'x':
				_ = tools.Engine.Remove(t.Context(), id)
			case '!':
				docker.fails = io.EOF
				fallthrough
			case '?':
				_, _ = tools.App.Ready(t.Context(), id, false, false)
			}
		}
		m, took := w.Measured(), time.Since(began)
		if !m.Stopped.IsZero() != c.stopped || m.Again != c.again || m.Down > 0 != c.down || m.Start > 0 != c.start || m.Stop > 0 != c.stopTook || m.Container != c.of {
			t.Errorf("%s: %+v", name, m)
		}
		if m.Down > took || m.Start > took || c.down && m.Down < m.Start {
			t.Errorf("%s took %s: %+v", name, took, m)
		}
	}
}

// The time in which right answers must last is not downtime.
func TestStopwatchEndsWithTheFirstAnswer(t *testing.T) {
	t.Parallel()
	w, docker := &run.Stopwatch{}, &clocked{}
	tools := w.Watch(&run.Tools{Engine: docker, App: docker})
	began := time.Now()
	_ = tools.Engine.Stop(t.Context(), "a", 0)
	_ = tools.Engine.Start(t.Context(), "a")
	w.Saw(event.Event{Start: &event.StartProgress{Stage: event.StageAnswers}})
	most := time.Since(began)
	_, _ = tools.App.Ready(t.Context(), "a", false, false)
	if m := w.Measured(); m.Down == 0 || m.Down > most || m.Start > most {
		t.Errorf("%+v, and it answered after %s", m, most)
	}
}

// restarting is an instance that is restarted while it is checked.
type restarting struct {
	clocked
	watch *run.Stopwatch
	once  bool
}

func (r *restarting) Serves(context.Context, run.Verification, bool) error {
	if r.once {
		time.Sleep(moment)
		r.watch.Saw(event.Event{Start: &event.StartProgress{Stage: event.StageAnswers}})
	}
	return nil
}

// A restart that a check makes counts, up to its end.
func TestStopwatchCountsARestart(t *testing.T) {
	t.Parallel()
	for _, once := range []bool{false, true} {
		w := &run.Stopwatch{}
		docker := &restarting{watch: w, once: once}
		tools := w.Watch(&run.Tools{Engine: docker, App: docker})
		_ = tools.Engine.Stop(t.Context(), "old", 0)
		_ = tools.Engine.Start(t.Context(), "new")
		_, _ = tools.App.Ready(t.Context(), "new", false, false)
		before := w.Measured().Down
		_ = tools.App.Serves(t.Context(), run.Verification{}, false)
		if after := w.Measured().Down; before == 0 || (after > before) != once {
			t.Errorf("restarted %v: down for %s, then %s", once, before, after)
		}
	}
}
