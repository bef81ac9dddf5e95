package dashboard

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	backups "github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/live"
	"github.com/marketcalls/openalgo-install/internal/status"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

var update = flag.Bool("update", false, "write the golden files again")

// noon is a Thursday, with all markets open.
var noon = time.Date(2026, 11, 26, 5, 12, 0, 0, time.UTC)

// fake is a Source of which a test says what it shows.
type fake struct {
	snap    live.Snapshot
	changed chan struct{}
	log     []string
	asked   int
}

func (f *fake) Snapshot() live.Snapshot  { return f.snap }
func (f *fake) Changed() <-chan struct{} { return f.changed }
func (f *fake) Refresh()                 { f.asked++ }

func (f *fake) Logs(ctx context.Context, _ string, take func(string)) error {
	for _, line := range f.log {
		take(line)
	}
	<-ctx.Done()
	return ctx.Err()
}

// series is a measurement that goes up and down.
func series(most float64) (out []float64) {
	for n := range 90 {
		out = append(out, most*float64(20+(n*7)%60+(n%13)*2)/100)
	}
	return out
}

// instances are n of them: the first is well, others have what may go wrong.
func instances(n int) (out []live.Instance) {
	for k := range n {
		name := "openalgo"
		if k > 0 {
			name = fmt.Sprintf("openalgo-client%d", k+1)
		}
		i := live.Instance{
			Name: name, Dir: "/opt/" + name, ID: "id" + name, State: live.Ready, Since: noon.Add(-76 * time.Hour), Ours: true, Broker: "Zerodha",
			URL: fmt.Sprintf("https://algo%d.example.com", k+1), Redirect: fmt.Sprintf("https://algo%d.example.com/zerodha/callback", k+1),
			Load: live.Load{CPU: series(30), Memory: series(2 << 30), Shared: series(200 << 20), Net: series(90 << 10), MemoryLimit: 3910 << 20, SharedLimit: 512 << 20},
			Status: &status.Instance{Version: "2.0.2.1", HTTPS: &status.HTTPS{By: "caddy", Domain: fmt.Sprintf("algo%d.example.com", k+1), Until: noon.Add(61*24*time.Hour + time.Hour).Format(time.RFC3339)},
				Backup: &backups.Last{At: noon.Add(-4 * time.Hour), OK: true}},
		}
		switch k % 5 {
		case 1:
			i.State, i.Since, i.Load.CPU = live.Starting, noon.Add(-40*time.Second), series(110)
		case 2:
			i.State, i.Since, i.Reason = live.Stopped, time.Time{}, "the container is exited (status 137)"
			i.Problems = []live.Problem{{ID: "not-running", Text: "Stopped: the container is exited (status 137): it ran out of memory", Bad: true, Fix: []string{"start"}},
				{ID: "resize-due", Text: "Resize needed: threads 2, shm 512 MiB, strategy memory 512 MiB fit this machine now", Fix: []string{"resize"}}}
		case 3:
			i.NewerImage = true
			i.Status.Backup = nil
			i.Problems = []live.Problem{{ID: "no-backup", Text: "There is no backup yet", Fix: []string{"backup"}}}
		case 4:
			i.State, i.Reason = live.NotReady, "http://127.0.0.1:5004/auth/check-setup answers 502 Bad Gateway"
			i.Status.HTTPS, i.URL, i.Status.Tunnel = nil, "http://127.0.0.1:5004", "ssh -N -L 5004:127.0.0.1:5004 -L 8769:127.0.0.1:8769 root@SERVER"
			i.Problems = []live.Problem{{ID: "not-ready", Text: "Not ready: " + i.Reason, Bad: true, Fix: []string{"doctor"}}}
		}
		out = append(out, i)
	}
	return out
}

func newFake(n int) *fake {
	f := &fake{changed: make(chan struct{}, 1), snap: live.Snapshot{Instances: instances(n), Public: "203.0.113.7", Watch: "on, no problems at 10:40 IST", Cores: 2, Disk: live.Disk{FreeMiB: 41 << 10, TotalMiB: 80 << 10}}}
	for n := range 60 {
		level := []string{"INFO", "INFO", "INFO", "WARNING", "INFO", "ERROR"}[n%6]
		f.log = append(f.log, fmt.Sprintf("[2026-11-26 10:%02d:00,000] %s in order_router: line %d of the log", n, level, n))
	}
	return f
}

// terminals are what the frames are drawn for.
var terminals = []struct {
	name string
	theme.Options
}{
	{"no colour", theme.Options{}},
	{"dark", theme.Options{Colours: theme.Sixteen, Ground: theme.Dark, Unicode: true}},
	{"light", theme.Options{Colours: theme.Sixteen, Ground: theme.Light, Unicode: true}},
	{"256", theme.Options{Colours: theme.Many, Unicode: true}},
}

// session is a dashboard as somebody types at it.
type session struct {
	t   testing.TB
	m   *model
	out bytes.Buffer
}

func begin(t testing.TB, f *fake, o theme.Options, width, height int) *session {
	t.Helper()
	s := &session{t: t}
	ctx, cancel := context.WithCancel(t.Context())
	s.m = newModel(ctx, Options{Source: f, Theme: theme.New(o), Out: &s.out})
	s.m.now = func() time.Time { return noon }
	s.m.Messages, s.m.Backups = messages, backupsOf
	t.Cleanup(func() { cancel(); s.m.work.Wait() })
	s.m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	s.settle()
	return s
}

// settle takes the log that is wanted, all of it.
func (s *session) settle() {
	s.t.Helper()
	dir := s.m.wantsLog()
	s.m.Update(settledMsg{dir})
	if dir == "" {
		return
	}
	deadline := time.Now().Add(10 * time.Second)
	for s.m.log.view.Len() < len(s.m.Source.(*fake).log) {
		s.m.Update(logMsg{})
		if time.Now().After(deadline) {
			s.t.Fatal("the log does not come")
		}
		time.Sleep(time.Millisecond)
	}
}

func (s *session) keys(keys ...string) *session {
	named := map[string]tea.KeyType{"<enter>": tea.KeyEnter, "<esc>": tea.KeyEsc, "<down>": tea.KeyDown, "<up>": tea.KeyUp, "<end>": tea.KeyEnd}
	for _, k := range keys {
		msg := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
		if kind, ok := named[k]; ok {
			msg = tea.KeyMsg{Type: kind}
		}
		_, cmd := s.m.Update(msg)
		if s.m.page == panelPage && !s.m.panel.there && cmd != nil {
			if msg, ok := cmd().(panelMsg); ok {
				s.m.Update(msg)
			}
		}
	}
	s.settle()
	return s
}

// messages and backupsOf are pages as the command line makes them.
func messages() Panel {
	return Panel{Title: "Messages", Rows: []Row{
		{Label: "Watch", Text: "on, 1 problem at 10:40 IST"}, {Label: "Before market", Text: "08:45 IST on trading days"},
		{Label: "Problems", Text: "the disk is full on 3 Dec 2026: 91% of 80.0 GiB are used (since 26 Nov 2026, 09:12 IST)", Bad: true},
		{Label: "Goes to", Text: "phone (telegram, api.telegram.org): sent 26 Nov 2026, 09:12 IST"}, {Text: "email (email, smtp.gmail.com): failed 26 Nov 2026, 09:12 IST", Bad: true},
	}, Deeds: []Deed{{Label: "Turn off the watch", Args: []string{"watch", "off"}},
		{Label: "Add an address", Args: []string{"notify", "add"}, Asks: "Kind", Help: "Enter one of: telegram, email, ntfy, slack, discord, webhook, ping."},
		{Label: "Send a test message", Args: []string{"notify", "test"}}}}
}

func backupsOf(dir string) Panel {
	p := Panel{Title: "Backups", Rows: []Row{
		{Label: "Last backup", Text: "26 Nov 2026, 06:42 IST  " + dir + "-backups/openalgo-20261126-011200.tar.zst (214 MiB)"},
		{Label: "In a store", Text: "none: backups are on this machine only", Bad: true}, {Label: "Every day", Text: "02:30 IST"},
	}, Deeds: []Deed{{Label: "Back up now", Key: "b"}, {Label: "Restore a backup", Key: restoreKey}, {Label: "List all backups", Args: []string{"backup", "list"}, Here: true}}}
	for n := range 9 {
		p.Rows = append(p.Rows, Row{Text: fmt.Sprintf("openalgo-2026112%d-011200.tar.zst  214 MiB", n)})
	}
	return p
}

func (s *session) screen() string { return ansi.Strip(s.m.View()) }

func (s *session) sees(texts ...string) *session {
	s.t.Helper()
	for _, text := range texts {
		if !strings.Contains(s.screen(), text) {
			s.t.Errorf("%q is not on the screen:\n%s", text, s.screen())
		}
	}
	return s
}

func TestFrames(t *testing.T) {
	for _, f := range []struct {
		name string
		n    int
		keys []string
		do   func(*fake)
	}{
		{name: "one", n: 1},
		{name: "five", n: 5},
		{name: "five-detail", n: 5, keys: []string{"<down>", "<down>", "<enter>"}},
		{name: "five-tunnel", n: 5, keys: []string{"<end>", "<enter>"}},
		{name: "twenty", n: 20, keys: []string{"<end>"}},
		{name: "log", n: 1, keys: []string{"l", "/", "l", "i", "n", "e", " ", "5", "<enter>"}},
		{name: "menu", n: 1, keys: []string{"a", "<down>"}},
		{name: "messages", n: 1, keys: []string{"M", "<down>"}},
		{name: "messages-add", n: 1, keys: []string{"M", "<down>", "<enter>", "n", "t"}},
		{name: "backups", n: 5, keys: []string{"<down>", "B", "<end>", "<down>", "<down>"}},
		{name: "question", n: 1, keys: []string{"e", "L", "O", "G"}},
		{name: "copy", n: 1, keys: []string{"y", "<down>", "<enter>"}},
		{name: "code", n: 1, keys: []string{"Q"}},
		{name: "silent", n: 1, do: func(f *fake) { f.snap.Trouble, f.snap.Silent = "Docker does not answer", noon.Add(-12*time.Second) }},
	} {
		t.Run(f.name, func(t *testing.T) {
			var got strings.Builder
			for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 20}} {
				for _, terminal := range terminals {
					source := newFake(f.n)
					if f.do != nil {
						f.do(source)
					}
					s := begin(t, source, terminal.Options, size[0], size[1]).keys(f.keys...)
					view := s.m.View()
					checkSize(t, view, size[0], size[1])
					fmt.Fprintf(&got, "== %dx%d, %s\n%s\n", size[0], size[1], terminal.name, strings.ReplaceAll(view, "\x1b", "^"))
				}
			}
			golden(t, filepath.Join("testdata", "frames", f.name+".golden"), got.String())
		})
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
	}
	want, err := os.ReadFile(path)
	if err != nil || got != string(want) {
		t.Errorf("%s differs, %v (see it with -update and git diff):\n%s", path, err, got)
	}
}

// Every size of a terminal shows something that fits.
func TestSizes(t *testing.T) {
	for _, n := range []int{0, 1, 5, 20} {
		for _, page := range [][]string{nil, {"<enter>"}, {"l"}, {"a"}, {"e"}, {"y"}, {"Q"}, {"M"}, {"B", "<down>", "<down>"}} {
			for _, size := range [][2]int{{1, 1}, {20, 5}, {36, 12}, {60, 18}, {80, 24}, {100, 32}, {200, 60}} {
				s := begin(t, newFake(n), theme.Options{Unicode: true}, size[0], size[1]).keys(page...)
				checkSize(t, s.m.View(), size[0], size[1])
			}
		}
	}
}

func TestCursor(t *testing.T) {
	f := newFake(5)
	s := begin(t, f, theme.Options{}, 80, 24).keys("<down>", "<down>").sees("> openalgo-client3")
	f.snap.Instances = f.snap.Instances[1:] // another one is gone
	s.m.Update(changedMsg{})
	s.sees("> openalgo-client3")
	f.snap.Instances = f.snap.Instances[2:] // it is gone itself
	s.m.Update(changedMsg{})
	s.sees("> openalgo-client4").keys("<enter>").sees("openalgo-install  openalgo-client4").keys("<esc>").sees("Instances")
	f.snap.Instances = nil
	s.m.Update(changedMsg{})
	s.sees("no OpenAlgo on this machine any more")
}

// What a key chooses.
func TestChoices(t *testing.T) {
	for _, c := range []struct {
		keys []string
		want Choice
	}{
		{[]string{"b"}, Choice{Args: []string{"backup"}, Dir: "/opt/openalgo", Name: "openalgo"}},
		{[]string{"<enter>", "r"}, Choice{Args: []string{"restart"}, Dir: "/opt/openalgo", Name: "openalgo", Open: true}},
		{[]string{"s"}, Choice{Args: []string{"stop"}, Dir: "/opt/openalgo", Name: "openalgo"}},
		{[]string{"<down>", "<down>", "s"}, Choice{Args: []string{"start"}, Dir: "/opt/openalgo-client3", Name: "openalgo-client3"}},
		{[]string{"e", "LOG_LEVEL", "<enter>"}, Choice{Args: []string{"set", "LOG_LEVEL"}, Dir: "/opt/openalgo", Name: "openalgo"}},
		{[]string{"e", "--edit", "<enter>"}, Choice{}},
		{[]string{"n", "Alpha!", "<enter>"}, Choice{}},
		{[]string{"n", "alpha", "<enter>"}, Choice{Args: []string{"--instance", "alpha"}}},
		{[]string{"w"}, Choice{Dir: "/opt/openalgo", Name: "openalgo", Answers: true}},
		{[]string{"ab"}, Choice{Args: []string{"backup"}, Dir: "/opt/openalgo", Name: "openalgo"}}, // typed fast
		{[]string{"a", "g"}, Choice{Args: []string{"self-update"}}},
		{[]string{"rx"}, Choice{Args: []string{"restart"}, Dir: "/opt/openalgo", Name: "openalgo"}}, // the first one counts
		{[]string{"r", "x"}, Choice{Args: []string{"restart"}, Dir: "/opt/openalgo", Name: "openalgo"}},
		{[]string{"M", "<enter>"}, Choice{Args: []string{"watch", "off"}}},
		{[]string{"M", "<down>", "<enter>", "ntfy", "<enter>"}, Choice{Args: []string{"notify", "add", "ntfy"}}},
		{[]string{"M", "<down>", "<enter>", "--to", "<enter>"}, Choice{}},
		{[]string{"<enter>", "a", "M", "<up>", "<enter>"}, Choice{Args: []string{"watch", "off"}, Open: true}},
		{[]string{"M", "<esc>", "b"}, Choice{Args: []string{"backup"}, Dir: "/opt/openalgo", Name: "openalgo"}},
		{[]string{"B", "<enter>"}, Choice{Args: []string{"backup"}, Dir: "/opt/openalgo", Name: "openalgo"}},
		{[]string{"<down>", "B", "<down>", "<down>", "<enter>"}, Choice{Args: []string{"backup", "list"}, Dir: "/opt/openalgo-client2", Name: "openalgo-client2"}},
		{[]string{"qx"}, Choice{}},
		{[]string{"p"}, Choice{}}, // it is ours already
		{[]string{"q"}, Choice{}},
	} {
		s := begin(t, newFake(5), theme.Options{}, 80, 24).keys(c.keys...)
		if got := s.m.choice; fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%v: %+v, want %+v", c.keys, got, c.want)
		}
	}
}

// A restore offers the newest backup.
func TestRestoreOffersABackup(t *testing.T) {
	s := begin(t, newFake(5), theme.Options{}, 80, 24)
	s.m.NewestBackup = func(dir string) string { return dir + "-backups/newest.tar.zst" }
	want := Choice{Args: []string{"restore", "/opt/openalgo-backups/newest.tar.zst"}, Dir: "/opt/openalgo", Name: "openalgo"}
	if got := s.keys("v", "<enter>").m.choice; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Each key means one thing for an instance.
func TestKeysAreUnique(t *testing.T) {
	for _, i := range instances(5) {
		f := newFake(0)
		f.snap.Instances = []live.Instance{i}
		seen := map[string]string{}
		for _, a := range begin(t, f, theme.Options{}, 80, 24).m.possible() {
			if other := seen[a.key]; other != "" {
				t.Errorf("%s is %s and %s", a.key, other, a.label)
			}
			seen[a.key] = a.label
		}
	}
}

// A log line is shown when it comes, and halting keeps it from moving.
func TestLog(t *testing.T) {
	s := begin(t, newFake(1), theme.Options{}, 80, 24).keys("l").sees("line 59 of the log", "Following, 60 lines")
	s.keys("w").sees("warnings and errors only", "line 57 ").keys("w").sees("errors only", "line 59 ").keys("w", " ").sees("Halted")
	s.m.log.buffer.Add("[t] ERROR in x: another one")
	s.m.Update(logMsg{})
	if strings.Contains(s.screen(), "another one") {
		t.Error("halted, it moves")
	}
	s.keys(" ").sees("another one").keys("<esc>").sees("Zerodha")
}

// What waits ends with the dashboard.
func TestEverythingEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	m := newModel(ctx, Options{Source: newFake(1), Theme: theme.New(theme.Options{})})
	ended := make(chan tea.Msg, 3)
	for _, wait := range []func() tea.Msg{m.awaitChange, m.awaitLog, func() tea.Msg { m.syncLog(); m.work.Wait(); return nil }} {
		go func() { ended <- wait() }()
	}
	cancel()
	for range 3 {
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Fatal("something goes on")
		}
	}
}
