package ready

import (
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
)

// One right answer is enough where an earlier one in the same run, or a day, is
// known; never where the container restarted, and never for who does not ask for it.
func TestHasLasted(t *testing.T) {
	t.Parallel()
	p := &Prober{}
	now := began.Add(time.Hour)
	at := func(ready time.Time) func(time.Time) time.Time {
		return func(run time.Time) time.Time {
			if run.Equal(began) {
				return ready
			}
			return time.Time{}
		}
	}
	runs := engine.Container{State: "running", StartedAt: began}
	for name, c := range map[string]struct {
		proven func(time.Time) time.Time
		change func(*engine.Container)
		want   bool
	}{
		"ready before":              {at(began.Add(time.Minute)), nil, true},
		"ready a moment ago":        {at(now.Add(-time.Second)), nil, false},
		"ready in another run":      {at(began.Add(time.Minute)), func(c *engine.Container) { c.StartedAt = began.Add(time.Second) }, false},
		"before it began":           {at(began.Add(-time.Minute)), nil, false},
		"in the future":             {at(now.Add(time.Hour)), nil, false},
		"nothing is known":          {at(time.Time{}), nil, false},
		"a day":                     {at(time.Time{}), func(c *engine.Container) { c.StartedAt = now.Add(-25 * time.Hour) }, true},
		"a day, and it restarted":   {at(time.Time{}), func(c *engine.Container) { c.StartedAt, c.RestartCount = now.Add(-25*time.Hour), 1 }, false},
		"a day, nobody asks for it": {nil, func(c *engine.Container) { c.StartedAt = now.Add(-25 * time.Hour) }, false},
		"it is stopped":             {at(began.Add(time.Minute)), func(c *engine.Container) { c.State = "exited" }, false},
		"it ran out of memory":      {at(began.Add(time.Minute)), func(c *engine.Container) { c.OOMKilled = true }, false},
		"never started":             {at(time.Time{}), func(c *engine.Container) { c.StartedAt = time.Time{} }, false},
	} {
		container := runs
		if c.change != nil {
			c.change(&container)
		}
		if got := p.hasLasted(Target{Proven: c.proven}, container, now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What is proven is asked once; a wrong answer is waited for as ever.
func TestProven(t *testing.T) {
	t.Parallel()
	a, d, p, e := start(t)
	d.c.StartedAt = time.Now().Add(-time.Hour)
	target := p.TargetOf(d.c)
	target.ID, target.Proven = "", func(run time.Time) time.Time { return run.Add(time.Minute) }
	if _, err := p.Await(t.Context(), target); err != nil || a.asked != 2 || d.looks != 1 { // over HTTP, and the WebSocket
		t.Errorf("%v, asked %d times, looked %d times", err, a.asked, d.looks)
	}
	if said := e.texts(event.TypeProgress); len(said) > 0 {
		t.Errorf("it waited: %q", said)
	}
	a.set(func(a *app) { a.body = `{"needs_setup": true}` })
	target.SetupDone = true
	_, err := p.Await(t.Context(), target)
	mustNotBeReady(t, err, "with an empty database")
	a.set(func(a *app) { a.status = 500 })
	_, err = p.Await(t.Context(), target)
	mustNotBeReady(t, err, "answers 500")
}
