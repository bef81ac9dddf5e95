package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// A command that stops OpenAlgo says before how long that will take, and after how
// long it took; status has the last one.
func TestDowntime(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	for _, args := range [][]string{{"set", "--now", "LOG_LEVEL=DEBUG"}, {"restart"}} {
		began := time.Now()
		out := i.run(append(args, "--json")...)
		took := time.Since(began)
		lines := strings.Split(strings.TrimSpace(out.stdout), "\n")
		var end struct {
			DowntimeMS int64 `json:"downtime_ms"`
		}
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &end); err != nil || out.code != 0 {
			t.Fatalf("%v: %v\n%s", args, err, out.all())
		}
		if end.DowntimeMS <= 0 || end.DowntimeMS >= took.Milliseconds() {
			t.Errorf("%v took %s, and OpenAlgo was down for %d ms", args, took, end.DowntimeMS)
		}
		var state struct {
			Instances []struct {
				LastDowntime struct {
					At         time.Time
					Command    string
					DowntimeMS int64 `json:"downtime_ms"`
				} `json:"last_downtime"`
				Market struct {
					Source string
					Read   *time.Time `json:"calendar_read"`
				}
			}
		}
		if err := json.Unmarshal([]byte(i.run("status", "--json").stdout), &state); err != nil || len(state.Instances) != 1 {
			t.Fatal(err)
		}
		if m := state.Instances[0].Market; m.Read == nil || !strings.Contains(m.Source, "OpenAlgo's own calendar, read today") {
			t.Errorf("the calendar of the markets: %+v", m)
		}
		last := state.Instances[0].LastDowntime
		if last.Command != args[0] || last.DowntimeMS != end.DowntimeMS || last.At.Before(began) || last.At.After(began.Add(took)) {
			t.Errorf("%v: %+v, and it was down for %d ms", args, last, end.DowntimeMS)
		}
	}
	if out := i.run("status"); !strings.Contains(out.stdout, "IST, restart, ") {
		t.Error(out.all())
	}
	out := i.run("set", "--dry-run", "--json", "LOG_LEVEL=ERROR")
	var plan struct {
		Downtime struct {
			AboutMS int64 `json:"about_ms"`
			Text    string
		}
	}
	if err := json.Unmarshal([]byte(out.stdout), &plan); err != nil || plan.Downtime.AboutMS == 0 || !strings.Contains(plan.Downtime.Text, "its last starts took") {
		t.Errorf("%v\n%s", err, out.all())
	}
}

// Where nothing is to be done, one right answer is enough: OpenAlgo was ready in
// this run of the container before.
func TestNothingToDoDoesNotWait(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	time.Sleep(time.Second) // longer than the answers of the test app have to last
	out := i.install(0, "--json")
	if !strings.Contains(out.stdout, `"changed":false`) || strings.Contains(out.stdout, `"stage"`) {
		t.Error(out.all())
	}
}
