package present

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/downtime"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/publicip"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/status"
	"github.com/marketcalls/openalgo-install/internal/tunnel"
	"github.com/marketcalls/openalgo-install/internal/welcome"
)

func change() *plan.Plan {
	return &plan.Plan{
		Changes: []plan.Change{{Kind: plan.KindFile, Name: ".env", Action: plan.ActionUpdate, Reason: "a key changes", Diff: "-A = '1'\n+A = '2'\n"}},
		Told:    finding.Tell(finding.Warn("look", "look at this")),
		Asks:    []plan.Ask{{Kind: plan.AskMarket, Text: "NSE is open"}},
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	var text, short, none strings.Builder
	Plan(&text, change())
	want := "Plan:\n  update    file       .env\n            a key changes\n            | -A = '1'\n            | +A = '2'\n" +
		"\nWarnings:\n  - look at this\n\nConfirm:\n  - NSE is open\n"
	if text.String() != want {
		t.Errorf("%s\nwant\n%s", &text, want)
	}
	Summary(&short, change())
	if short.String() != strings.ReplaceAll(strings.ReplaceAll(want, "            | -A = '1'\n", ""), "            | +A = '2'\n", "") {
		t.Errorf("without diffs:\n%s", &short)
	}
	if Plan(&none, &plan.Plan{}); none.String() != "Nothing to do.\n" {
		t.Errorf("%q", &none)
	}
}

// A plan names what others chose: directories, containers, what .env says. None of it
// reaches the terminal as more than text, or makes a line of its own.
func TestAPlanIsFitToBeShown(t *testing.T) {
	t.Parallel()
	const hostile = "a\x1b]52;c;cm0=\x07\x1b[2J\nok  all is well\u202e\r"
	changes := []plan.Change{{Kind: plan.KindFile, Name: hostile, Action: plan.ActionUpdate, Reason: hostile, Diff: "-A\x1b[2J\n+B\r\n"}}
	for name, p := range map[string]*plan.Plan{
		"change": {Changes: changes, Asks: []plan.Ask{{Kind: plan.AskMarket, Text: hostile}},
			Settings: []settings.SizingLine{{Key: "SHM_SIZE", Env: hostile, Container: hostile, Reason: hostile}}},
		"removal": {Changes: changes, Removal: &plan.Removal{Kept: []string{hostile}}},
	} {
		var out strings.Builder
		Plan(&out, p)
		Summary(&out, p)
		if text := out.String(); printable.Text(text) != text || strings.Contains(text, "\nok  all is well") {
			t.Errorf("%s: %q", name, text)
		}
	}
}

func TestThePlanShowsTheSevenValues(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Settings: []settings.SizingLine{{Key: "OMP_NUM_THREADS", Env: "1", Due: "2", Action: settings.LineKept, Reason: "you set it in .env by hand"}}}
	var text strings.Builder
	Settings(&text, p)
	if want := "  OMP_NUM_THREADS  1        -        2       kept\n  kept: you set it in .env by hand\n"; !strings.HasSuffix(text.String(), want) || strings.Count(text.String(), "\n") != 3 {
		t.Errorf("%q, want %q", &text, want)
	}
	text.Reset()
	p.Settings = nil
	for _, key := range []string{"OPENBLAS_NUM_THREADS", "STRATEGY_MEMORY_LIMIT_MB"} {
		p.Settings = append(p.Settings, settings.SizingLine{Key: key, Env: "2", Container: "2048m", Due: "1024m", Action: settings.LineSet, Reason: "needed for 23.5 GiB of RAM and 2 cores"})
	}
	Settings(&text, p)
	for line := range strings.Lines(text.String()) {
		if len(line) > 80 || strings.Count(text.String(), "needed for") != 1 {
			t.Errorf("%d columns: %q", len(line), line)
		}
	}
}

// shown is a run with one of each event, and how it ended.
func shown(o Options, err error) {
	o.Prompt = func() finding.Prompt { return finding.Prompt{Dir: "/srv/openalgo"} }
	r := NewRun(o)
	for _, e := range []event.Event{
		{Type: event.TypePlan, Plan: change()},
		{Type: event.TypeStep, State: event.Started, Message: "pull image"},
		{Type: event.TypeProgress, Progress: &event.PullProgress{Current: 50 << 20, Total: 100 << 20, Layers: 4, LayersDone: 1}},
		{Type: event.TypeProgress, Progress: &event.PullProgress{Current: 55 << 20, Total: 100 << 20, Layers: 4, LayersDone: 1}},
		{Type: event.TypeProgress, Build: &event.BuildProgress{Step: 2, Total: 3, Name: "RUN a \\\n b"}},
		{Type: event.TypeProgress, Message: "it migrates", Start: &event.StartProgress{Stage: "migrate"}},
		{Type: event.TypeLog, Message: "a line"},
		{Type: event.TypeStep, State: event.Done, Seconds: 1.25},
		{Type: event.TypeNote, Message: "to stop it: openalgo-install stop"},
		{Type: event.TypeStep, State: event.Started, Message: "start"},
		{Type: event.TypeStep, State: event.Failed, Seconds: 2},
	} {
		e.Time = time.Unix(1, 0)
		r.Report(e)
	}
	r.End(event.Result{Changed: true, Message: "it is ready"}, err, 4)
}

func TestRun(t *testing.T) {
	t.Parallel()
	var text, failed bytes.Buffer
	shown(Options{Text: &text, Errors: &failed, Verbose: true}, nil)
	want := `Plan:
  update    file       .env (a key changes)
        50%, 50 MiB of 100 MiB, 1 of 4 layers
        step 2 of 3  RUN a \ b
        it migrates
        | a line
  ok    pull image (1.2 s)
  note  to stop it: openalgo-install stop
  FAIL  start (2.0 s)
It is ready.
`
	if text.String() != want || failed.Len() > 0 {
		t.Errorf("%s\nwant\n%s\n%s", &text, want, &failed)
	}
	text.Reset()
	shown(Options{Text: &text, Errors: &failed, Live: true}, errors.New("no space"))
	if failed.String() != "openalgo-install: no space\n" || !strings.Contains(text.String(), "\r\x1b[K  ....  pull image: 50%, 50 MiB") || strings.Contains(text.String(), "a line") {
		t.Errorf("%q\n%s", text.String(), &failed)
	}
}

func TestRunAsJSON(t *testing.T) {
	t.Parallel()
	var text, lines bytes.Buffer
	shown(Options{Text: &text, Errors: &text, Events: &lines}, finding.Named(finding.RolledBack, "not-ready", "it does not answer"))
	var last event.Event
	count := 0
	for dec := json.NewDecoder(&lines); dec.More(); count++ {
		last = event.Event{}
		if err := dec.Decode(&last); err != nil {
			t.Fatal(err)
		}
	}
	if count != 12 || last.Type != event.TypeResult || *last.OK || *last.Exit != 4 || last.ID != "not-ready" {
		t.Errorf("%d events, the last is %+v", count, last)
	}
}

func TestRehearsal(t *testing.T) {
	t.Parallel()
	var text, lines bytes.Buffer
	r := NewRun(Options{Text: &text, Events: &lines})
	r.Rehearsal(json.RawMessage(`{"uid":1000,"shm_bytes":268435456,"directories":[{"path":"/app/db","writable":false}]}`))
	if want := "Inside the container: user 1000, shared memory 256 MiB\n  /app/db            CANNOT be written\n"; text.String() != want || !strings.Contains(lines.String(), `"type":"rehearsal"`) {
		t.Errorf("%q\n%s", &text, &lines)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	i := status.Instance{Name: "openalgo", Dir: "/srv/openalgo", Reason: "the container is exited (status 1)", Container: "openalgo-web",
		Sizing:  status.Sizing{InForce: sizing.Sizing{Threads: 2}, Due: sizing.Sizing{Threads: 4}, ResizeDue: true},
		Volumes: []status.Volume{{Name: "openalgo_db", Mount: "/app/db", Bytes: 3 << 20}, {Name: "/srv/log", Mount: "/app/log", Bytes: -1}}}
	for want, s := range map[string]status.Status{
		"There is no OpenAlgo in /srv/openalgo.":                    {Dir: "/srv/openalgo"},
		"There is no OpenAlgo on this machine.":                     {},
		"openalgo  not ready: the container is exited (status 1)\n": {Instances: []status.Instance{i}},
		"3.0 MiB":      {Instances: []status.Instance{i}},
		"size unknown": {Instances: []status.Instance{i}},
		"(for 0 MiB of RAM and 0 cores): openalgo-install --dir /srv/openalgo resize\n": {Instances: []status.Instance{i}},
	} {
		var text strings.Builder
		if Status(&text, s); !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
}

func TestGlance(t *testing.T) {
	t.Parallel()
	i := status.Instance{Name: "openalgo", Ready: true, URL: "https://algo.example.com", Version: "2.0.1.0", Image: status.Image{Ref: "marketcalls/openalgo:latest"},
		Sizing: status.Sizing{InForce: sizing.Sizing{Threads: 2, ShmMiB: 512, StrategyMemoryMiB: 300}}}
	want := "openalgo is ready at https://algo.example.com\nVersion: 2.0.1.0 from marketcalls/openalgo:latest\n" +
		"Sizing:  2 threads, 512 MiB of shared memory, 300 MiB for each strategy\nHTTPS:   by your own proxy or tunnel\n"
	if got := Glance(i); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	i.Ready, i.Reason, i.Sizing.ResizeDue, i.HTTPS = false, "it is stopped", true, &status.HTTPS{By: "caddy", Domain: "algo.example.com"}
	for _, want := range []string{"is not ready: it is stopped\n", "; resize needed: 0 threads, 0 MiB of shared memory, 0 MiB for each strategy\n", "HTTPS:   algo.example.com by caddy"} {
		if got := Glance(i); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	n := Next{Dir: "/opt/openalgo", Tunnel: tunnel.Way{User: "root", Host: "203.0.113.7"}, Commands: [][2]string{{"openalgo-install status", "is it ready"}}}
	a := answers.Answers{Broker: answers.Broker{Name: "zerodha"}, Ports: answers.Ports{Web: 5001, WebSocket: 8766}}
	if text := strings.Join(n.Lines(a), "\n"); !strings.Contains(text, "ssh -N -L 5001:127.0.0.1:5001 -L 8766:127.0.0.1:8766 root@203.0.113.7") ||
		!strings.Contains(text, "http://127.0.0.1:5001/zerodha/callback") || strings.Contains(text, "5000") {
		t.Error(text)
	}
	a.Ports.Bind = "::1"
	if text := strings.Join(n.Lines(a), "\n"); !strings.Contains(text, "-L 5001:[::1]:5001 -L 8766:[::1]:8766 root@") || !strings.Contains(text, "http://[::1]:5001/zerodha/callback") {
		t.Error(text)
	}
	a.Domain = "algo.example.com"
	if text := strings.Join(n.Lines(a), "\n"); strings.Contains(text, "ssh") || !strings.Contains(text, "https://algo.example.com/zerodha/callback") {
		t.Error(text)
	}
}

// What the owner of a new OpenAlgo must be told.
// With a Docker on another machine, OpenAlgo and its tunnel are there, and brokers see
// that machine's address.
func TestNextWithDockerElsewhere(t *testing.T) {
	t.Parallel()
	n := Next{Dir: "/opt/openalgo", Tunnel: tunnel.Way{User: "root", Host: "203.0.113.7", Port: 22}, Result: event.Result{Docker: "ssh://trader@vps.example"}}
	for bind, want := range map[string]string{"127.0.0.1": "trader@vps.example", "192.168.1.5": "Open http://192.168.1.5:5001 on vps.example or in its network"} {
		a := answers.Answers{Broker: answers.Broker{Name: "zerodha"}, Ports: answers.Ports{Web: 5001, WebSocket: 8766, Bind: bind}}
		text := strings.Join(n.Lines(a), "\n")
		if !strings.Contains(text, want) || !strings.Contains(text, "public address of vps.example") || strings.Contains(text, "203.0.113.7") || strings.Contains(text, "this machine") {
			t.Errorf("%s:\n%s", bind, text)
		}
	}
	n.Result, n.Tunnel = event.Result{Address: publicip.Address{IPv4: netip.MustParseAddr("198.51.100.4")}}, tunnel.Way{User: "root"}
	if text := n.Way().Command(answers.Ports{Web: 5000, WebSocket: 8765}); !strings.HasSuffix(text, "root@198.51.100.4") {
		t.Error(text)
	}
}

func TestOwner(t *testing.T) {
	t.Parallel()
	four := netip.MustParseAddr("203.0.113.7")
	closed := event.Result{Account: welcome.Missing(secret.New("https://algo.example.com/openalgo-setup/TOKEN"), "https://algo.example.com", "127.0.0.1", 5000),
		Address: publicip.Address{IPv4: four, Cloud: "AWS"}}
	open := event.Result{Account: welcome.Missing(secret.Text{}, "https://algo.example.com", "127.0.0.1", 5000)}
	local := event.Result{Account: welcome.Missing(secret.Text{}, "http://127.0.0.1:5000", "127.0.0.1", 5000)}
	network := event.Result{Account: welcome.Missing(secret.Text{}, "http://127.0.0.1:5000", "0.0.0.0", 5000)}
	round := event.Result{Account: welcome.Missing(closed.Account.Link, "https://algo.example.com", "0.0.0.0", 5000)}
	a := answers.Answers{Broker: answers.Broker{Name: "zerodha"}, Ports: answers.Ports{Web: 5000, WebSocket: 8765}, Domain: "algo.example.com"}
	for _, c := range []struct {
		result    event.Result
		says, not string
	}{
		{closed, "openalgo-setup/TOKEN", "whoever that is"}, {open, "whoever that is", "openalgo-setup"}, {network, "whoever that is", "openalgo-setup"}, {local, "", "first visitor"},
		{round, "openalgo-setup/TOKEN", "block other visitors"}, {round, "Port 5000 of this machine is open to the network", "block other visitors"},
	} {
		var end strings.Builder
		run := NewRun(Options{Text: &end})
		Owner(run, c.result, finding.Prompt{})
		next := strings.Join(Next{Dir: "/opt/openalgo", Result: c.result}.Lines(a), "\n")
		for _, text := range []string{end.String(), next} {
			if !strings.Contains(text, c.says) || strings.Contains(text, c.not) {
				t.Errorf("%q and not %q in\n%s", c.says, c.not, text)
			}
		}
		if !strings.Contains(next, "a login every day") || !strings.Contains(next, "https://kite.trade") {
			t.Error(next)
		}
	}
	if next := strings.Join(Next{Result: closed}.Lines(a), "\n"); !strings.Contains(next, "203.0.113.7") || !strings.Contains(next, "Elastic IP") {
		t.Error(next)
	}
	if next := strings.Join(Next{Result: local}.Lines(a), "\n"); !strings.Contains(next, publicip.Question) {
		t.Error(next)
	}
	if text := fmt.Sprintf("%v %+v", closed, closed); strings.Contains(text, "TOKEN") {
		t.Error(text)
	}
}

// What a person has read for a question is not printed again; programs get it.
func TestAPlanThatWasReadIsNotPrintedAgain(t *testing.T) {
	t.Parallel()
	var text, events strings.Builder
	r := NewRun(Options{Text: &text, Events: &events, Prompt: func() finding.Prompt { return finding.Prompt{} }})
	r.Report(event.Event{Type: event.TypePlan, Plan: change(), Shown: true})
	r.Report(event.Event{Type: event.TypeWarning, Message: "a warning", Shown: true})
	if text.Len() > 0 || strings.Count(events.String(), "\n") != 2 || strings.Contains(events.String(), "hown") {
		t.Errorf("%q, %q", text.String(), events.String())
	}
}

// How long OpenAlgo is down is told once: by the question, where one tells it.
func TestTheDowntimeIsToldOnce(t *testing.T) {
	t.Parallel()
	p := change()
	p.Downtime = &downtime.Estimate{Text: "OpenAlgo is down for about 10 s"}
	for asks, want := range map[string]int{"": 1, plan.AskMarket: 0, plan.AskRights: 1} {
		if p.Asks = nil; asks != "" {
			p.Asks = []plan.Ask{{Kind: asks, Text: "a question"}}
		}
		var text strings.Builder
		Asking(&text, p)
		if strings.Count(text.String(), "Downtime: ") != want || strings.Contains(text.String(), "a question") {
			t.Errorf("%s: %s", asks, text.String())
		}
	}
}
