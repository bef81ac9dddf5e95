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
	for _, text := range []string{got[0].Message, got[0].Build.Name, End(Result{}, errors.New(hostile), finding.Prompt{}).Message} {
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
	good := End(Result{Changed: true, URL: "https://x", Message: "done"}, nil, finding.Prompt{})
	if !*good.OK || !*good.Changed || good.URL != "https://x" || good.Message != "done" || good.ID != "" || good.Exit != nil {
		t.Errorf("%+v", good)
	}
	moved := finding.Named(finding.HostNotReady, "moved", "it was moved").With(finding.Run("Start it", "start"))
	bad := End(Result{}, moved, finding.Prompt{Dir: "/srv/a"})
	if *bad.OK || bad.ID != "moved" || len(bad.Hints) != 1 || bad.Hints[0].Args[0] != "start" || bad.Problems != nil || bad.Message != "it was moved\n\nStart it:\n\n    openalgo-install --dir /srv/a start" {
		t.Errorf("%+v", bad)
	}
	if e := End(Result{}, errors.New("read /x: input/output error"), finding.Prompt{}); e.ID != "unexpected" {
		t.Errorf("an error without a name: %+v", e)
	}
	full := finding.Named(finding.HostNotReady, "disk-full", "it is full")
	two := End(Result{}, finding.NotReady([]*finding.Error{moved, full}), finding.Prompt{})
	if two.ID != "moved" || len(two.Problems) != 2 || two.Problems[0].Hints[0].Args[0] != "start" || two.Problems[1].ID != "disk-full" || two.Problems[1].Message != "it is full" {
		t.Errorf("%+v", two)
	}
}

// A warning has its name and what to do, as the end of a run has.
func TestWarn(t *testing.T) {
	t.Parallel()
	var got Event
	Warn(ReporterFunc(func(e Event) { got = e }), "/srv/b", finding.Warn("site-not-served", "no answer").With(finding.Run("Serve it", "domain", "a.example.com")))
	if got.Type != TypeWarning || got.ID != "site-not-served" || got.Message != "no answer. Serve it: openalgo-install --dir /srv/b domain a.example.com" || len(got.Hints) != 1 {
		t.Errorf("%+v", got)
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
