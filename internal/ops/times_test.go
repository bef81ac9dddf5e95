package ops_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/downtime"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

func (b *box) times() downtime.Record { return downtime.Load(instance.Dir(b.dir)) }

// Each command that stops OpenAlgo and starts it again says how long that was.
func TestDowntime(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.account()
	if r := b.times(); len(r.Starts) != 1 || r.Starts[0].Image != b.container().ImageID || r.Last != nil {
		t.Errorf("after an install: %+v", r)
	}
	for n, c := range []ops.Command{set("LOG_LEVEL", "DEBUG"), ops.Restart(), ops.Upgrade(second), ops.Rollback()} {
		began := time.Now()
		r := b.do(c)
		took := time.Since(began)
		if r.Downtime <= 0 || r.Downtime >= took || !strings.Contains(r.Message, "OpenAlgo was down for ") {
			t.Errorf("%s took %s: %+v", c.Name, took, r)
		}
		kept := b.times()
		last := kept.Last
		if last == nil || last.Command != c.Name || last.DowntimeMS != r.Downtime.Milliseconds() || last.At.Before(began.Add(-time.Millisecond)) || last.At.After(time.Now()) {
			t.Errorf("%s: %+v", c.Name, last)
		}
		if want := min(n+2, 5); len(kept.Starts) != want || kept.Starts[want-1].Image != b.container().ImageID {
			t.Errorf("%s: %+v", c.Name, kept.Starts)
		}
	}
	before := b.times()
	for _, c := range []ops.Command{ops.Stop(), ops.Start()} {
		if r := b.do(c); r.Downtime != 0 || *b.times().Last != *before.Last {
			t.Errorf("%s: %+v, %+v", c.Name, r, b.times().Last)
		}
	}
	if kept := b.times().Starts; kept[len(kept)-1].At.Equal(before.Starts[len(before.Starts)-1].At) {
		t.Error("the start after a stop is not kept")
	}
}

func TestDowntimeOfAChangeThatFails(t *testing.T) {
	t.Parallel()
	b := installed(t)
	b.account()
	b.failsOnce()
	r, err := b.session().Do(t.Context(), set("LOG_LEVEL", "DEBUG"))
	if err == nil || r.Downtime <= 0 || b.times().Last.DowntimeMS != r.Downtime.Milliseconds() || !b.said("OpenAlgo was down for") {
		t.Errorf("%v: %+v, %+v", err, r, b.times().Last)
	}
	b.docker.OnStart = b.begin
	b.say("it is broken")
	if r, err = b.session().Do(t.Context(), ops.Restart()); err == nil || r.Downtime != 0 || b.times().Last.Command != "restart" || b.times().Last.DowntimeMS != 0 {
		t.Errorf("it is still down: %v: %+v, %+v", err, r, b.times().Last)
	}
}

// What a plan says of the downtime is what was measured here.
func TestPlanSaysTheDowntime(t *testing.T) {
	t.Parallel()
	b := installed(t)
	p, err := b.session().Plan(t.Context(), ops.Restart())
	must(t, err)
	if p.Downtime == nil || p.Downtime.AboutMS == 0 || !strings.Contains(p.Downtime.Text, "its last start took") {
		t.Errorf("%+v", p.Downtime)
	}
}

// Where there is nothing to do, the answers need not last: the container has run
// for long. Nothing is created to look into its image.
func TestNothingToDoWaitsForNothing(t *testing.T) {
	t.Parallel()
	b := installed(t)
	again := func() (waits, calls int) {
		b.events = nil
		b.docker.Hook = func(string) { calls++ }
		defer func() { b.docker.Hook = nil }()
		if r := b.do(ops.Install(b.answers(""), 0)); r.Changed {
			t.Errorf("%+v", r)
		}
		for _, e := range b.events {
			if e.Start != nil {
				waits++
			}
		}
		return waits, calls
	}
	if waits, calls := again(); waits+calls != 0 {
		t.Errorf("it waits %d times, and changes %d things", waits, calls)
	}
	must(t, os.Remove(instance.Dir(b.dir).Work("sample.json")))
	if _, calls := again(); calls == 0 {
		t.Error("nothing is known of the image, and nobody looks into it")
	}
}
