package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/live"
)

// A line comes for what changed, and for what was not said for a while.
func TestSayChanged(t *testing.T) {
	var out, errs bytes.Buffer
	a := &app{stdout: &out, stderr: &errs}
	before, now := map[string]said{}, time.Date(2026, 11, 26, 5, 0, 0, 0, time.UTC)
	s := live.Snapshot{Instances: []live.Instance{{Name: "alpha", Dir: "/opt/alpha", State: live.Checking}}}
	say := func(after time.Duration, lines int) {
		t.Helper()
		out.Reset()
		now = now.Add(after)
		if err := sayChanged(a, s, before, time.Minute, now); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(out.String(), "\n"); got != lines {
			t.Errorf("%d lines, want %d: %s", got, lines, out.String())
		}
	}
	say(0, 0) // it is asked in a moment
	s.Instances[0].State = live.Ready
	say(time.Second, 1)
	say(time.Second, 0)
	say(time.Minute, 1)
	s.Instances[0].State, s.Instances[0].Reason = live.Stopped, "the container is exited"
	say(time.Second, 1)
	if !strings.Contains(out.String(), "alpha  stopped: the container is exited") || !strings.Contains(out.String(), "IST") {
		t.Error(out.String())
	}
	s.Trouble = "Docker does not answer"
	say(time.Second, 0)
	s.Trouble = ""
	say(time.Second, 0)
	if !strings.Contains(errs.String(), "Docker does not answer") || !strings.Contains(errs.String(), "Docker answers again") {
		t.Errorf("%q", errs.String())
	}
	a.json, before = true, map[string]said{}
	say(time.Second, 1)
	var doc struct {
		State    string
		Ready    bool
		Problems []live.Problem
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil || doc.State != "stopped" || doc.Ready || doc.Problems == nil {
		t.Errorf("%v: %s", err, out.String())
	}
}
