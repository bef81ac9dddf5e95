package event

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// hostile is what a terminal acts on.
const hostile = "\u009b2J\x7f\u202eto\u202cken \x1b]52;c;eA==\x07can\u200eary\x9b"

func TestEventsAreFitToBeShown(t *testing.T) {
	t.Parallel()
	var got []Event
	report := Printable(ReporterFunc(func(e Event) { got = append(got, e) }))
	build := &BuildProgress{Name: hostile}
	report.Report(Event{Message: "two\nlines " + hostile, Build: build})
	for _, text := range []string{got[0].Message, got[0].Build.Name, End(Result{}, errors.New(hostile)).Message} {
		if strings.ContainsAny(text, "\u009b\x7f\x1b\u202e\u200e") {
			t.Errorf("%q", text)
		}
	}
	if !strings.HasPrefix(got[0].Message, "two\nlines ") || build.Name != hostile {
		t.Errorf("%q, %q", got[0].Message, build.Name)
	}
}

func TestEnd(t *testing.T) {
	t.Parallel()
	good := End(Result{Changed: true, URL: "https://x", Message: "done"}, nil)
	if !*good.OK || !*good.Changed || good.URL != "https://x" || good.Message != "done" || good.ID != "" || good.Exit != nil {
		t.Errorf("%+v", good)
	}
	bad := End(Result{}, &finding.Error{Err: &finding.Refusal{Check: "moved", What: "it was moved"}})
	if *bad.OK || bad.ID != "moved" || !strings.HasPrefix(bad.Message, "it was moved") {
		t.Errorf("%+v", bad)
	}
}

// What a run writes, another process reads back, its plan included.
func TestPlanIsReadBack(t *testing.T) {
	t.Parallel()
	type plan struct{ Changes []string }
	text, err := json.Marshal(Event{Type: TypePlan, Plan: &plan{[]string{"one"}}})
	if err != nil {
		t.Fatal(err)
	}
	back := Event{Plan: &plan{}}
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if p, ok := back.Plan.(*plan); !ok || len(p.Changes) != 1 {
		t.Errorf("%+v", back.Plan)
	}
	if text, _ = json.Marshal(Event{Type: TypeNote}); strings.Contains(string(text), "plan") {
		t.Errorf("%s", text)
	}
}

func TestStartProgressText(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]StartProgress{
		"running the migrations":  {Stage: StageMigrations},
		"migrations, 2 so far":    {Stage: StageMigrations, Done: 2},
		"migrations 2 of 3":       {Stage: StageMigrations, Done: 2, Total: 3},
		"migrations, 4 so far":    {Stage: StageMigrations, Done: 4, Total: 3},
		"starting the web server": {Stage: StageWebServer},
	} {
		if got := p.Text(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestBegin(t *testing.T) {
	t.Parallel()
	var states []string
	to := ReporterFunc(func(e Event) { states = append(states, e.Step+" "+e.State+" "+e.Message) })
	Begin(to, "pull", "Pull image")(nil)
	Begin(to, "stop", "Stop container")(errors.New("no"))
	if want := "pull start Pull image|pull done |stop start Stop container|stop failed "; strings.Join(states, "|") != want {
		t.Errorf("%q", states)
	}
}
