package wizard

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/draft"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/questions"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/theme"
	"github.com/marketcalls/openalgo-install/internal/wizard/pointing"
)

var update = flag.Bool("update", false, "write the golden files again")

// testHost is a machine where everything is well.
func testHost() Host {
	s, _ := sizing.Compute(sizing.Machine{RAMMiB: 3910, Cores: 2}, 1, sizing.Overrides{})
	return Host{
		Dir: "/opt/openalgo",
		Look: func(context.Context) Machine {
			return Machine{Facts: [][2]string{
				{"System", "Debian GNU/Linux 12 (bookworm), amd64"}, {"RAM", "3.8 GiB, no swap"}, {"Cores", "2"},
				{"Disk", "69 GiB free of 80 at /opt"}, {"Docker", "Engine 28.5.2"},
				{"Sizing", "threads 2, shared memory 512 MiB, strategies 5 to 8 with 512 MiB each"}, {"Ports", "5000 and 8765 are free"},
			}}
		},
		DNS: func(_ context.Context, domain string) (bool, string) {
			return true, domain + " points to this machine."
		},
		Plan: func(_ context.Context, a answers.Answers) (*plan.Plan, error) {
			p := &plan.Plan{Sizing: s, Told: finding.Tell(a.Warnings()...)}
			for _, c := range [][3]string{
				{"file", "/opt/openalgo/.env", "keys, broker and sizing"}, {"file", "/opt/openalgo/docker-compose.yaml", "how Docker runs OpenAlgo"},
				{"image", a.Image.Ref, "not on the engine yet"}, {"volume", "openalgo_openalgo_db", "keeps /app/db"}, {"container", "openalgo-web", "runs OpenAlgo"},
			} {
				p.Changes = append(p.Changes, plan.Change{Kind: c[0], Name: c[1], Action: "create", Reason: c[2], Diff: "+a line\n"})
			}
			return p, nil
		},
		Install: func(_ context.Context, a answers.Answers, _ event.Reporter) (event.Result, error) {
			return event.Result{Changed: true, URL: a.Origin(), Message: "OpenAlgo is ready at " + a.Origin()}, nil
		},
		SetUpDocker: func(context.Context, func(string)) error { return nil },
		Next:        present.Next{Dir: "/opt/openalgo", Commands: [][2]string{{"openalgo-install status", "ready or why not"}, {"openalgo-install resize", "fit OpenAlgo to RAM and cores"}}},
	}
}

// No test waits for time to pass.
func init() { pointing.After = func(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return nil } }

// looks are the terminals that each frame is drawn for.
var looks = []struct {
	name string
	theme.Options
}{
	{"no colour", theme.Options{Unicode: true}},
	{"dark", theme.Options{Colours: theme.Sixteen, Ground: theme.Dark}},
	{"light", theme.Options{Colours: theme.Many, Ground: theme.Light, Unicode: true}},
}

// themed is a terminal with sixteen colours on black, or with none.
func themed(color, unicode bool) theme.Options {
	o := theme.Options{Ground: theme.Dark, Unicode: unicode}
	if color {
		o.Colours = theme.Sixteen
	}
	return o
}

// session is a wizard as somebody types at it. What it does in the background
// is done at once, but for what happens in an apply: until lets that come.
type session struct {
	t     testing.TB
	m     *model
	ended bool
	late  chan tea.Msg // the events of an apply
}

func newSession(t testing.TB, host Host, color, unicode bool, width, height int) *session {
	return newThemed(t, host, themed(color, unicode), width, height)
}

func newThemed(t testing.TB, host Host, o theme.Options, width, height int) *session {
	s := &session{t: t, late: make(chan tea.Msg, 1000), m: newModel(t.Context(), host, theme.New(o))}
	s.send(tea.WindowSizeMsg{Width: width, Height: height})
	s.do(s.m.Init())
	return s
}

func (s *session) send(msg tea.Msg) {
	_, cmd := s.m.Update(msg)
	s.do(cmd)
}

// do carries a command out.
func (s *session) do(cmd tea.Cmd) {
	s.t.Helper()
	if cmd == nil {
		return
	}
	done := make(chan tea.Msg, 1)
	go func() { done <- cmd() }()
	switch s.m.page.(type) {
	case *applyPage, *dockerPage:
		go func() { s.late <- <-done }()
		return
	}
	select {
	case msg := <-done:
		s.take(msg)
	case <-time.After(10 * time.Second):
		s.t.Fatalf("a command does not end:\n%s", s.screen())
	}
}

func (s *session) take(msg tea.Msg) {
	switch msg := msg.(type) {
	case tea.BatchMsg:
		for _, c := range msg {
			s.do(c)
		}
	case tea.QuitMsg:
		s.ended = true
	default:
		s.send(msg)
	}
}

// until lets events come until the screen shows something.
func (s *session) until(want string) *session {
	s.t.Helper()
	deadline := time.After(10 * time.Second)
	for !strings.Contains(s.screen(), want) {
		select {
		case msg := <-s.late:
			s.take(msg)
		case <-deadline:
			s.t.Fatalf("%q does not come:\n%s", want, s.screen())
		}
	}
	return s
}

// keys types: names of keys in <>, and text.
func (s *session) keys(what ...string) *session {
	named := map[string]tea.KeyType{
		"<enter>": tea.KeyEnter, "<esc>": tea.KeyEsc, "<tab>": tea.KeyTab, "<shift+tab>": tea.KeyShiftTab, "<up>": tea.KeyUp, "<down>": tea.KeyDown,
		"<ctrl+c>": tea.KeyCtrlC, "<ctrl+r>": tea.KeyCtrlR, "<ctrl+u>": tea.KeyCtrlU, "<pgdown>": tea.KeyPgDown,
	}
	for _, w := range what {
		if k, ok := named[w]; ok {
			s.send(tea.KeyMsg{Type: k})
			continue
		}
		s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(w)})
	}
	return s
}

func (s *session) paste(text string) *session {
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: true})
	return s
}

// To each page, with a domain and Zerodha.
var (
	toAddress     = []string{"<enter>"}
	toHTTPS       = append(clone(toAddress), "algo.example.com", "<enter>")
	toBroker      = append(clone(toHTTPS), "<enter>", "me@example.com", "<enter>")
	toRedirect    = append(clone(toBroker), "zerodha", "<enter>")
	toCredentials = append(clone(toRedirect), "<enter>")
	toOptions     = append(clone(toCredentials), "key-123456", "<enter>", "secret-123456", "<enter>")
	toReview      = append(clone(toOptions), "<enter>")
	toBuild       = append(clone(toOptions), "<down>", "<enter>", "<ctrl+u>", "https://github.com/marketcalls/openalgo#main",
		"<enter>", "<enter>", "<enter>", "<enter>", "<enter>", "<enter>", "<enter>")
	toApply    = append(clone(toReview), "<enter>")
	toMessages = append(clone(toOptions), "<down>", "<down>", "<enter>")
	toBackups  = append(clone(toMessages), "<enter>", "<enter>", "<enter>", "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "<enter>")
)

func clone(s []string) []string { return append([]string(nil), s...) }

// frames are the screens, each with the way there.
var frames = []struct {
	name string
	host func(*Host)
	way  []string
	sees string // what comes at last
	do   func(*session)
}{
	{name: "machine"},
	{name: "machine-no-engine", host: func(h *Host) {
		h.Look = func(context.Context) Machine {
			return Machine{Facts: [][2]string{{"Docker", "not there"}}, Obstacles: []string{"no Docker Engine answers at /var/run/docker.sock: install it with openalgo-install docker"}, NoEngine: true, Unusable: true}
		}
	}, way: []string{"<enter>"}},
	{name: "start", host: starts},
	{name: "start-restore", host: starts, way: []string{"<down>", "<enter>", "<ctrl+u>", "/root/openalgo.tar.zst.age", "<enter>"}},
	{name: "memory", host: starts, way: toOptions},
	{name: "resume", host: starts, do: func(s *session) {
		s.m.page = newResumePage(s.m, &draft.Draft{At: time.Date(2026, 11, 26, 8, 35, 0, 0, time.UTC)})
	}},
	{name: "docker", host: func(h *Host) {
		h.Look = func(context.Context) Machine { return Machine{NoEngine: true, Unusable: true} }
		h.SetUpDocker = func(_ context.Context, print func(string)) error {
			print("apt-get update")
			return errors.New("apt-get ended with 100: no network")
		}
	}, way: []string{"i"}, sees: "Enter Back"},
	{name: "address", way: toAddress},
	{name: "address-wrong", way: append(clone(toAddress), "http://x", "<enter>")},
	{name: "address-dns", way: append(clone(toAddress), "algo.example.com"), do: func(s *session) {
		s.send(pointing.Found{Domain: "algo.example.com", Words: "algo.example.com has no address yet; add an A record with 203.0.113.7"})
	}},
	{name: "https", way: toHTTPS},
	{name: "https-dns", way: toHTTPS, do: func(s *session) {
		s.send(pointing.Found{Domain: "algo.example.com", Words: "algo.example.com has no address yet; add an A record with 203.0.113.7"})
	}},
	{name: "broker", way: toBroker},
	{name: "broker-filter", way: append(clone(toBroker), "xts", "<down>")},
	{name: "broker-none", way: append(clone(toBroker), "robinhood", "<enter>")},
	{name: "broker-new", way: append(clone(toBroker), "rupeezy", "<down>")},
	{name: "https-own-proxy", way: append(clone(toHTTPS), "<down>", "<down>", "<down>")},
	{name: "redirect", way: toRedirect},
	{name: "credentials-kept", host: installed, way: []string{"<down>", "<down>", "<enter>", "<enter>", "<enter>", "<enter>", "<enter>", "<enter>"}},
	{name: "credentials", way: append(clone(toCredentials), "key-123456", "<enter>", "secret")},
	{name: "credentials-revealed", way: append(clone(toCredentials), "key-123456", "<ctrl+r>")},
	{name: "credentials-xts", way: append(clone(toBroker), "(iifl)", "<enter>", "<enter>", "k", "<enter>")},
	{name: "options", way: toOptions},
	{name: "options-open", way: append(clone(toOptions), "<down>", "<enter>", "<ctrl+u>", "rehearsal", "<enter>", "<ctrl+u>", "0", "<enter>")},
	{name: "messages", way: append(clone(toMessages), "<enter>", "<enter>")},
	{name: "messages-email", way: append(clone(toMessages), "<enter>", "<enter>", "<down>", "<enter>", "smtp.gmail.com:587", "<enter>", "me@gmail.com", "<enter>", "password-1")},
	{name: "messages-wrong", way: append(clone(toMessages), "<enter>", "<enter>", "<enter>", "token", "<enter>")},
	{name: "backups", way: toBackups},
	{name: "backups-store", way: append(clone(toBackups), "<down>", "<enter>", "s3://bucket/openalgo", "<enter>", "key-1", "<enter>", "key-2")},
	{name: "review", way: toReview},
	{name: "review-lines", way: append(clone(toReview), "d")},
	{name: "review-trouble", host: func(h *Host) {
		h.Plan = func(context.Context, answers.Answers) (*plan.Plan, error) {
			return nil, errors.New("port 5000 is taken by nginx (pid 812) on 0.0.0.0:5000: stop it, or set ports.web")
		}
	}, way: toReview},
	{name: "save", way: append(clone(toReview), "s")},
	{name: "leave", way: append(clone(toCredentials), "<ctrl+c>")},
	{name: "apply", host: waits, way: toApply, do: applied},
	{name: "apply-log", host: waits, way: append(clone(toApply), "l"), do: applied},
	{name: "build", host: waits, way: toApply, do: func(s *session) { building(s, false) }},
	{name: "build-base", host: waits, way: toApply, do: func(s *session) { building(s, true) }},
	{name: "review-too-small", host: tooSmall, way: toBuild},
	{name: "result", way: toApply, sees: "Enter Quit"},
	{name: "result-copy", way: toApply, sees: "Enter Quit", do: func(s *session) { s.keys("y", "<down>", "<enter>") }},
	{name: "result-code", way: toApply, sees: "Enter Quit", do: func(s *session) { s.keys("Q") }},
	{name: "result-own-proxy", way: append(clone(toHTTPS), "<down>", "<down>", "<down>", "<enter>", "zerodha", "<enter>", "<down>", "<enter>", "<enter>", "<enter>"), sees: "Enter Quit"},
	{name: "failure", host: func(h *Host) {
		h.Install = func(context.Context, answers.Answers, event.Reporter) (event.Result, error) {
			return event.Result{}, &finding.Error{Kind: finding.RolledBack, Err: errors.New("OpenAlgo stopped at once (exit 1)"), Log: []string{"Error: BROKER_API_KEY is not set"}}
		}
	}, way: toApply, sees: "r Retry"},
	{name: "menu", host: installed},
}

// waits makes an install that does not end.
func waits(h *Host) {
	h.Install = func(ctx context.Context, _ answers.Answers, _ event.Reporter) (event.Result, error) {
		<-ctx.Done()
		return event.Result{}, ctx.Err()
	}
}

func installed(h *Host) {
	h.Look = func(context.Context) Machine {
		return Machine{Instance: "openalgo is ready at https://algo.example.com\nSizing: threads 2; a resize is needed", Menu: []MenuEntry{
			{Label: "status: show its state, sizing and backups", Args: []string{"status"}}, {Label: "resize: fit OpenAlgo to RAM and cores", Args: []string{"resize"}},
			{Label: "Change your answers, and keep your secrets"}},
			Saved: []byte("version: 1\ndomain: algo.example.com\nbroker: {name: iifl}\nimage: {source: rehearsal}\nports: {web: 5001, websocket: 8765}\n")}
	}
}

// tooSmall is a machine that cannot build an image, but can pull one.
func tooSmall(h *Host) {
	before := h.Plan
	h.Plan = func(ctx context.Context, a answers.Answers) (*plan.Plan, error) {
		if a.Image.Ref == answers.DefaultImage {
			return before(ctx, a)
		}
		return nil, fmt.Errorf("%w: building it takes about 3000 MiB of memory, and this machine has 1960 MiB of RAM and 0 of swap: add swap, or pull the published image instead", preflight.ErrBuildTooBig)
	}
}

// building is an apply in the middle of a build, or of the pull of its base.
func building(s *session, base bool) {
	page := s.m.page.(*applyPage)
	began := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	page.now = func() time.Time { return began }
	page.event(event.Event{Type: event.TypeStep, State: event.Started, Message: "build the image openalgo-install/openalgo:1234567-abcdef012345"})
	page.event(event.Event{Type: event.TypeProgress, Message: "python:3.12-slim-trixie",
		Progress: &event.PullProgress{Layer: "a1b2c3", Status: "Downloading", LayerCurrent: 20e6, LayerTotal: 40e6, Current: 20e6, Total: 50e6, LayersDone: 1, Layers: 4}})
	if !base {
		page.event(event.Event{Type: event.TypeProgress, Build: &event.BuildProgress{Step: 12, Total: 21, Name: "[python-builder 6/7] RUN if [ -f uv.lock ]; then locked=--locked; fi &&     /opt/uv/bin/uv sync $locked"}})
		page.event(event.Event{Type: event.TypeLog, Message: "Resolved 208 packages in 1ms"})
	}
	page.now = func() time.Time { return began.Add(75 * time.Second) }
}

// applied is an apply in the middle of a pull.
func applied(s *session) {
	page := s.m.page.(*applyPage)
	began := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	page.now = func() time.Time { return began }
	page.event(event.Event{Type: event.TypeStep, State: event.Started, Message: "keep a copy of every file that changes"})
	page.event(event.Event{Type: event.TypeStep, State: event.Done, Seconds: 0.25})
	page.event(event.Event{Type: event.TypeStep, State: event.Started, Message: "bring the image marketcalls/openalgo:latest"})
	for layer, status := range map[string]string{"a1b2c3": "Downloading", "d4e5f6": "Pull complete", "": ""} {
		page.event(event.Event{Type: event.TypeProgress, Progress: &event.PullProgress{Layer: layer, Status: status, LayerCurrent: 20e6, LayerTotal: 80e6, Current: 120e6, Total: 280e6, LayersDone: 3, Layers: 9}})
	}
	page.event(event.Event{Type: event.TypeLog, Message: "[OpenAlgo] starting"})
	page.now = func() time.Time { return began.Add(3500 * time.Millisecond) }
}

func TestFrames(t *testing.T) {
	for _, f := range frames {
		t.Run(f.name, func(t *testing.T) {
			var got strings.Builder
			for _, size := range [][2]int{{80, 24}, {40, 20}, {120, 40}} {
				for _, look := range looks {
					host := testHost()
					if f.host != nil {
						f.host(&host)
					}
					s := newThemed(t, host, look.Options, size[0], size[1]).keys(f.way...)
					if f.sees != "" {
						s.until(f.sees)
					}
					if f.do != nil {
						f.do(s)
					}
					view := s.m.View()
					checkSize(t, view, size[0], size[1])
					fmt.Fprintf(&got, "== %dx%d, %s\n%s\n", size[0], size[1], look.name, strings.ReplaceAll(view, "\x1b", "^"))
				}
			}
			golden(t, filepath.Join("testdata", "frames", f.name+".golden"), got.String())
		})
	}
}

// Where a build does not fit, one key takes the ready-made image.
func TestPullInstead(t *testing.T) {
	host := testHost()
	tooSmall(&host)
	s := newSession(t, host, false, true, 80, 24).keys(toBuild...)
	if !strings.Contains(s.screen(), "p Pull instead") {
		t.Fatal(s.screen())
	}
	if got := s.keys("p").screen(); !strings.Contains(got, "What changes") {
		t.Error(got)
	}
	a, problems := s.m.draft.Answers()
	if len(problems) > 0 || a.Image.Source != "registry" || a.Image.Ref != answers.DefaultImage {
		t.Errorf("%+v, %v", a.Image, problems)
	}
}

// What is written where the image is asked for tells by its form what it is.
func TestImageAnswer(t *testing.T) {
	for text, want := range map[string]answers.Image{
		"marketcalls/openalgo:latest":                  {Source: "registry", Ref: "marketcalls/openalgo:latest"},
		"registry.example.com:5000/openalgo":           {Source: "registry", Ref: "registry.example.com:5000/openalgo"},
		"rehearsal":                                    {Source: "rehearsal"},
		"/src/openalgo":                                {Source: "path", Path: "/src/openalgo"},
		"./openalgo":                                   {Source: "path", Path: "./openalgo"},
		"https://github.com/marketcalls/openalgo":      {Source: "git", URL: "https://github.com/marketcalls/openalgo"},
		"https://github.com/marketcalls/openalgo#main": {Source: "git", URL: "https://github.com/marketcalls/openalgo", Ref: "main"},
		"git@github.com:marketcalls/openalgo.git":      {Source: "git", URL: "git@github.com:marketcalls/openalgo.git"},
	} {
		d := questions.New()
		for key, value := range map[string]string{questions.KeyDomain: "", questions.KeyBroker: "zerodha", "broker.api_key": "key-1234", "broker.api_secret": "secret-1234", questions.KeyAdvanced: "yes", "image": text} {
			d.Given[key] = value
		}
		a, problems := d.Answers()
		a.Image.BuildArgs = nil
		if len(problems) > 0 || fmt.Sprint(a.Image) != fmt.Sprint(want) {
			t.Errorf("%s: %+v, %v", text, a.Image, problems)
		}
	}
}

// checkSize finds lines that the terminal would break.
func checkSize(t *testing.T, view string, width, height int) {
	t.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) > height {
		t.Errorf("%d lines on a terminal of %d", len(lines), height)
	}
	for _, line := range lines {
		if w := ansi.StringWidth(line); w > width {
			t.Errorf("%d cells on a terminal of %d: %q", w, width, line)
		}
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (make it with -update)", err)
	}
	if got != string(want) {
		t.Errorf("%s differs (see it with -update and git diff):\n%s", path, got)
	}
}
