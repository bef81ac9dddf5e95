package ready

import (
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// Docker calls a start that takes minutes unhealthy: that is no evidence before
// the app has answered in this run of the container.
func TestUnhealthyIsEvidenceOnceItHasAnswered(t *testing.T) {
	started := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		health   string
		answered time.Time
		after    time.Duration
		want     bool
	}{
		"a slow start":                 {"unhealthy", time.Time{}, 130 * time.Second, false},
		"answered in the run before":   {"unhealthy", started.Add(-time.Hour), 130 * time.Second, false},
		"answered in this run":         {"unhealthy", started, 130 * time.Second, true},
		"older than any start":         {"unhealthy", time.Time{}, time.Hour, true},
		"starting, answered":           {"starting", started, 130 * time.Second, false},
		"healthy, and does not answer": {"healthy", started, time.Hour, false},
		"no health check":              {"", started, time.Hour, false},
	} {
		container := engine.Container{State: "running", Health: c.health, StartedAt: started}
		if got := isSick(container, c.answered, started.Add(c.after)); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestStartingIsNoFailure(t *testing.T) {
	started := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		container engine.Container
		after     time.Duration
		want      bool
	}{
		"a minute":        {engine.Container{State: "running", Health: "starting"}, time.Minute, true},
		"unhealthy yet":   {engine.Container{State: "running", Health: "unhealthy"}, 140 * time.Second, true},
		"no health check": {engine.Container{State: "running"}, time.Minute, true},
		"was healthy":     {engine.Container{State: "running", Health: "healthy"}, time.Minute, false},
		"too long":        {engine.Container{State: "running", Health: "starting"}, 6 * time.Minute, false},
		"crashes":         {engine.Container{State: "running", Health: "starting", RestartCount: 1}, time.Second, false},
		"stopped":         {engine.Container{State: "exited"}, time.Minute, false},
	} {
		c.container.StartedAt = started
		if got := isStarting(c.container, started.Add(c.after)); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// What ran before gets as long as an install does, however little --wait gives.
func TestWaitTimes(t *testing.T) {
	for name, c := range map[string]struct {
		wait         time.Duration
		target       Target
		still, whole time.Duration
	}{
		"an install":                   {0, Target{}, stillTime, LongestStart},
		"a test install":               {0, Target{TestApp: true, Local: true}, testTimes.still, LongestStart},
		"a test install elsewhere":     {0, Target{TestApp: true}, healthTime, LongestStart}, // Docker asks after 30 s
		"--wait":                       {time.Second, Target{}, time.Second, time.Second},
		"a roll-back":                  {0, Target{Before: true}, stillTime, LongestStart},
		"a roll-back with --wait":      {time.Second, Target{Before: true}, stillTime, LongestStart},
		"a roll-back with a long wait": {time.Hour, Target{Before: true}, time.Hour, time.Hour},
	} {
		p := &Prober{Wait: c.wait}
		if got := p.timesOf(c.target); got.still != c.still || got.whole != c.whole {
			t.Errorf("%s: %s and %s, want %s and %s", name, got.still, got.whole, c.still, c.whole)
		}
	}
}
