package wizard

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/draft"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/questions"
	"github.com/marketcalls/openalgo-install/internal/tunnel"
)

// starts makes it a small machine without an OpenAlgo, whose usual ports are taken.
func starts(h *Host) {
	look := h.Look
	h.Look = func(ctx context.Context) Machine {
		m, newest := look(ctx), "/opt/openalgo-backups/openalgo-20261126-023000.tar.zst"
		m.Facts[1][1], m.Facts[6][1] = "960 MiB, no swap", "5001 and 8766, since port 5000 is taken by nginx (pid 812) on 0.0.0.0:5000. Options has others"
		m.Obstacles = []string{"960 MiB of RAM and no swap: when memory runs out for a moment, Linux kills OpenAlgo. The install can make a swap file of 2 GiB: the page Memory asks"}
		m.Here = questions.Here{Ports: answers.Ports{Web: 5001, WebSocket: 8766, Bind: "127.0.0.1"}, SmallMiB: 960}
		m.Menu = []MenuEntry{{Label: "Install OpenAlgo"}, {Label: "Restore a backup", Args: []string{"restore", "--ask"}, Backup: &newest},
			{Label: "Take over an OpenAlgo from install-docker.sh or Docker Compose", Why: "Found no OpenAlgo that another tool installed."}}
		return m
	}
}

// toMemory is the way there without a domain.
var toMemory = []string{"<enter>", "<enter>", "zerodha", "<enter>", "<enter>", "k-1", "<enter>", "s-1", "<enter>"}

// The ports that the first page names are on every page, in the answers and in the
// result.
func TestPortsAreTheSameOnEveryPage(t *testing.T) {
	host := testHost()
	starts(&host)
	host.Next.Tunnel = tunnel.Way{User: "root", Host: "203.0.113.7"}
	var got answers.Answers
	host.Install = func(_ context.Context, a answers.Answers, _ event.Reporter) (event.Result, error) {
		got = a
		return event.Result{URL: a.Origin()}, nil
	}
	s := begin(t, host).sees("5001 and 8766").keys("<enter>").sees("http://127.0.0.1:5001").keys("<enter>", "zerodha", "<enter>").
		sees("http://127.0.0.1:5001/zerodha/callback").keys("<enter>", "k-1", "<enter>", "s-1", "<enter>").sees("960 MiB of RAM and no swap")
	s.keys("<enter>", "<enter>").sees("Review", "What changes").keys("<pgdown>").sees("http://127.0.0.1:5001/zerodha/callback")
	s.keys("<enter>").sees("OpenAlgo is ready", "http://127.0.0.1:5001", "ssh -N -L 5001:127.0.0.1:5001 -L 8766:127.0.0.1:8766 root@203.0.113.7", "open http://127.0.0.1:5001 in the browser")
	if strings.Contains(s.screen(), "5000") {
		t.Errorf("another port is named:\n%s", s.screen())
	}
	if got.Ports.Web != 5001 || got.Ports.WebSocket != 8766 || got.Ports.AutoWeb || got.SwapMiB != 2048 {
		t.Errorf("%+v, swap %d", got.Ports, got.SwapMiB)
	}
	// They can be edited, and go back to what is free.
	s = begin(t, host).keys(toMemory...).keys("<down>", "<enter>", "<down>", "<enter>", "<enter>").sees("> 5001", "> 8766")
	s.keys("<ctrl+u>", "7001", "<enter>", "<esc>", "<esc>", "<esc>").sees("http://127.0.0.1:7001/zerodha/callback")
}

func TestSwapIsAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		keys []string
		want int
	}{"yes": {nil, 2048}, "no": {[]string{"<down>"}, 0}} {
		host := testHost()
		starts(&host)
		s := begin(t, host).keys(toMemory...).sees("Make a swap file of 2 GiB?").keys(c.keys...).keys("<enter>").sees("Options")
		if a, problems := s.m.draft.Answers(); a.SwapMiB != c.want || len(problems) > 0 {
			t.Errorf("%s: %d, %v", name, a.SwapMiB, problems)
		}
	}
	if s := begin(t, testHost()).keys(toMemory...); strings.Contains(s.screen(), "swap") {
		t.Errorf("a machine that needs none is asked:\n%s", s.screen())
	}
}

// The first page leads to a restore and to what can be taken over, as the commands do.
func TestFirstPageLeadsToCommands(t *testing.T) {
	host := testHost()
	starts(&host)
	s := begin(t, host).sees("Install OpenAlgo", "Restore a backup", "Take over").keys("<down>", "<enter>").sees("openalgo-20261126-023000.tar.zst").keys("<enter>")
	if want := []string{"restore", "--ask", "/opt/openalgo-backups/openalgo-20261126-023000.tar.zst"}; !s.ended || !slices.Equal(s.m.outcome.Command, want) {
		t.Errorf("%q", s.m.outcome.Command)
	}
	s = begin(t, host).keys("<down>", "<enter>", "<ctrl+u>", "/x.age", "<enter>").sees("identity").keys("<enter>", "<enter>").sees("name a file").keys("/key.txt", "<enter>")
	if want := []string{"restore", "--ask", "/x.age", "--identity", "/key.txt"}; !slices.Equal(s.m.outcome.Command, want) {
		t.Errorf("%q", s.m.outcome.Command)
	}
	s = begin(t, host).keys("<down>", "<enter>", "<ctrl+u>", "/x.age", "<enter>", "<down>", "<enter>")
	if want := []string{"restore", "--ask", "/x.age", "--passphrase-file", "-"}; !slices.Equal(s.m.outcome.Command, want) {
		t.Errorf("%q", s.m.outcome.Command)
	}
	if s = begin(t, host).keys("<down>", "<enter>", "<esc>").sees("Install OpenAlgo").keys("<down>", "<enter>").sees("no OpenAlgo that another tool"); s.ended {
		t.Error("what is not possible was begun")
	}
	host.Look = func(context.Context) Machine {
		return Machine{Menu: []MenuEntry{{Label: "Install OpenAlgo"}, {Label: "Take over the OpenAlgo in /srv/x", Args: []string{"adopt", "--ask", "--dir", "/srv/x"}}}}
	}
	if s = begin(t, host).keys("<down>", "<enter>"); !slices.Equal(s.m.outcome.Command, []string{"adopt", "--ask", "--dir", "/srv/x"}) {
		t.Errorf("%q", s.m.outcome.Command)
	}
}

// What was typed is there after the process is gone, offered, and removed in the end.
func TestAnswersAreNotLost(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	host := testHost()
	host.Drafts = draft.For(host.Dir)
	begin(t, host).keys(toCredentials...).keys("key-12") // and the process is killed
	if err := host.Drafts.Flush(); err != nil {
		t.Fatal(err)
	}
	host.Drafts = draft.For(host.Dir)
	s := begin(t, host).keys("<enter>").sees("Continue with the answers of", "IST?").seesNot("key-12").keys("<enter>").sees("Credentials", "******").keys("3456", "<enter>")
	if got := s.m.draft.Get("broker.api_key"); got != "key-123456" || s.m.draft.Get("domain") != "algo.example.com" {
		t.Errorf("%q, %q", got, s.m.draft.Get("domain"))
	}
	s.keys("secret-123456", "<enter>", "<enter>", "<enter>").sees("OpenAlgo is ready")
	draft.Settle(host.Drafts, true)
	if kept := draft.For(host.Dir).Load(); kept != nil {
		t.Errorf("it is left: %+v", kept)
	}
}

func TestAnswersThatAreDeclined(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	host := testHost()
	host.Drafts = draft.For(host.Dir)
	begin(t, host).keys(toCredentials...).keys("key-12")
	draft.Settle(host.Drafts, false)
	files, err := filepath.Glob(filepath.Join(state, "openalgo-install", "draft-*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q, %v", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	s := begin(t, host).keys("<enter>").sees("Continue with").keys("<esc>").sees("ready for OpenAlgo").keys("<enter>").sees("Continue with")
	s.keys("<down>", "<enter>").sees("Address")
	if s.m.draft.Get("domain") != "" || host.Drafts.Load() != nil {
		t.Error("the answers are still there")
	}
}
