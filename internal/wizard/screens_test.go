package wizard

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/terminal"
	"github.com/marketcalls/openalgo-install/internal/theme"
	"github.com/marketcalls/openalgo-install/internal/tunnel"
)

// screen is what is seen, without its escapes.
func (s *session) screen() string { return ansi.Strip(s.m.View()) }

func (s *session) sees(want ...string) *session {
	s.t.Helper()
	for _, w := range want {
		s.until(w)
	}
	return s
}

func (s *session) seesNot(secrets ...string) *session {
	s.t.Helper()
	for _, w := range secrets {
		if strings.Contains(s.screen(), w) {
			s.t.Fatalf("%q is on the screen:\n%s", w, s.screen())
		}
	}
	return s
}

func begin(t *testing.T, host Host) *session { return newSession(t, host, false, false, 80, 24) }

// given runs the wizard to its install, and returns the answers that got there.
func given(t *testing.T, keys ...string) answers.Answers {
	t.Helper()
	var got answers.Answers
	host := testHost()
	host.Install = func(_ context.Context, a answers.Answers, _ event.Reporter) (event.Result, error) {
		got = a
		return event.Result{}, nil
	}
	begin(t, host).keys(keys...).sees("OpenAlgo is ready")
	return got
}

func TestScreensFillTheAnswers(t *testing.T) {
	a := given(t, toApply...)
	if a.Domain != "algo.example.com" || a.TLS.Mode != "auto" || a.TLS.Email != "me@example.com" || a.Broker.Name != "zerodha" || a.Broker.APIKey.Reveal() != "key-123456" ||
		a.Broker.APISecret.Reveal() != "secret-123456" || a.Image.Ref != answers.DefaultImage || a.Ports.Web != 5000 {
		t.Errorf("%+v", a)
	}
}

// Messages and backups are asked for after a choice, and are told apart from the instance.
func TestScreensMessagesAndBackups(t *testing.T) {
	s := begin(t, testHost()).keys(toBackups...).sees("Backups").keys("<down>", "<enter>", "sftp://me@box.example.com/backups", "<enter>", "<enter>", "<enter>").sees("Review").
		seesNot("AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw").keys("<enter>").sees("OpenAlgo is ready")
	if b := s.m.outcome.Beside; !b.Watch.Enabled || len(b.Notify) != 1 || b.Notify[0].Kind != "telegram" || b.Backup.To != "sftp://me@box.example.com/backups" || b.Backup.Keep != 14 {
		t.Errorf("%+v %+v %+v", b.Watch, b.Notify, b.Backup)
	}
	s = begin(t, testHost()).keys(toApply...).sees("OpenAlgo is ready")
	if b := s.m.outcome.Beside; b.Watch.Enabled || len(b.Notify) > 0 || b.Backup.At != "" {
		t.Errorf("nobody asked for it: %+v", b)
	}
}

func TestScreensOfEachKindOfBroker(t *testing.T) {
	local := []string{"<enter>", "<enter>"} // this machine only: no HTTPS page
	for name, c := range map[string]struct {
		keys, sees []string
		check      func(answers.Answers) bool
	}{
		"xts": {[]string{"(iifl)", "<enter>", "<enter>", "k-1", "<enter>", "s-1", "<enter>", "mk-1", "<enter>", "ms-1", "<enter>", "<enter>", "<enter>"}, nil,
			func(a answers.Answers) bool { return a.Broker.MarketAPISecret.Reveal() == "ms-1" }},
		"crypto": {[]string{"crypto", "<enter>", "<enter>", "k-1", "<enter>", "s-1", "<enter>", "<enter>", "<enter>"}, nil,
			func(a answers.Answers) bool { return a.Broker.Name == "deltaexchange" && a.Domain == "" }},
		"three parts": {[]string{"(fivepaisa)", "<enter>", "<enter>", "bare", "<enter>", "<ctrl+u>", "u:::i:::c", "<enter>", "s-1", "<enter>", "<enter>", "<enter>"}, nil,
			func(a answers.Answers) bool { return a.Broker.APIKey.Reveal() == "u:::i:::c" }},
		"may be empty": {[]string{"indmoney", "<enter>", "<enter>", "k-1", "<enter>", "<enter>", "<enter>", "<enter>"}, nil,
			func(a answers.Answers) bool { return a.Broker.APISecret.Reveal() == "" }},
	} {
		t.Run(name, func(t *testing.T) {
			if a := given(t, append(clone(local), c.keys...)...); !c.check(a) {
				t.Errorf("%+v", a)
			}
		})
	}
}

// Back three pages and forward again: nothing that was answered is lost.
func TestScreensBackAndForward(t *testing.T) {
	s := begin(t, testHost()).keys(toOptions...).sees("Change image")
	s.keys("<esc>", "<esc>", "<esc>").sees("Broker", "> Zerodha")
	s.keys("<enter>", "<enter>").sees("**********")
	s.keys("<enter>", "<enter>", "<enter>").sees("Review").keys("<pgdown>").sees("https://algo.example.com/zerodha/callback")
	// esc at the very beginning does not leave.
	s.keys("<esc>", "<esc>", "<esc>", "<esc>", "<esc>", "<esc>", "<esc>", "<esc>", "<esc>").sees("System", "Ctrl+C quits")
	if s.ended {
		t.Error("esc left the wizard")
	}
}

// What is not asked any more is not answered, and not forgotten either.
func TestScreensHiddenAnswers(t *testing.T) {
	open := append(clone(toOptions), "<down>", "<enter>", "<enter>", "<ctrl+u>", "5001", "<enter>", "<enter>", "<enter>", "<enter>", "<enter>", "<enter>")
	s := begin(t, testHost()).keys(open...).sees("Review")
	if a, _ := s.m.draft.Answers(); a.Ports.Web != 5001 {
		t.Errorf("%+v", a.Ports)
	}
	s.keys("<esc>", "<up>", "<enter>").sees("Review")
	if a, _ := s.m.draft.Answers(); a.Ports.Web != 5000 {
		t.Errorf("a port that is not asked for is answered: %+v", a.Ports)
	}
	s.keys("<esc>", "<down>").sees("> 5001")
}

func TestScreensBackBetweenFields(t *testing.T) {
	begin(t, testHost()).keys(toCredentials...).keys("key-123456", "<enter>", "<shift+tab>", "7", "<ctrl+r>").sees("key-1234567").
		keys("<enter>", "<up>").sees("***********").seesNot("key-1234567")
}

// A wrong value at each field is said there, and can be corrected there.
func TestScreensRefuseWrongValues(t *testing.T) {
	open := append(clone(toOptions), "<down>", "<enter>")
	for name, c := range map[string]struct {
		keys []string
		says string
	}{
		"domain":    {append(clone(toAddress), "a b", "<enter>"), "! "},
		"broker":    {append(clone(toBroker), "robinhood", "<enter>"), "No broker matches"},
		"key":       {append(clone(toCredentials), "<enter>"), "is missing"},
		"secret":    {append(clone(toCredentials), "key-123456", "<enter>", "<enter>"), "is missing"},
		"image":     {append(clone(open), "<ctrl+u>", "Not An Image", "<enter>"), "! "},
		"web":       {append(clone(open), "<enter>", "<ctrl+u>", "70000", "<enter>"), "70000 is not a port"},
		"websocket": {append(clone(open), "<enter>", "<enter>", "<ctrl+u>", "5000", "<enter>"), "! "},
		"threads":   {append(clone(open), "<enter>", "<enter>", "<enter>", "<ctrl+u>", "many", "<enter>"), "! "},
		"shm":       {append(clone(open), "<enter>", "<enter>", "<enter>", "<enter>", "<ctrl+u>", "much", "<enter>"), "! "},
		"strategy":  {append(clone(open), "<enter>", "<enter>", "<enter>", "<enter>", "<enter>", "<ctrl+u>", "x", "<enter>"), "! "},
	} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, testHost()).keys(c.keys...).sees(c.says)
			if _, ok := s.m.page.(*formPage); !ok {
				t.Errorf("the page was left:\n%s", s.screen())
			}
		})
	}
}

// ctrl+c asks once on every page, and takes a no.
func TestScreensLeave(t *testing.T) {
	for _, keys := range [][]string{nil, toAddress, toHTTPS, toBroker, toRedirect, toCredentials, toOptions, toReview} {
		s := begin(t, testHost()).keys(keys...)
		before := s.screen()
		if s.keys("<ctrl+c>").sees("Quit?"); s.ended {
			t.Fatal("left without a question")
		}
		if after := s.keys("n").screen(); after != before {
			t.Errorf("no changed the page:\n%s\n%s", before, after)
		}
		if s.keys("<ctrl+c>", "y"); !s.ended || !errors.Is(s.m.err, terminal.ErrEnded) {
			t.Errorf("yes does not leave: %v", s.m.err)
		}
	}
}

// During an apply ctrl+c undoes it at once.
func TestScreensUndo(t *testing.T) {
	host := testHost()
	host.Install = func(ctx context.Context, _ answers.Answers, _ event.Reporter) (event.Result, error) {
		<-ctx.Done()
		return event.Result{}, &finding.Error{Kind: finding.Cancelled, Err: errors.New("cancelled, and undone")}
	}
	s := begin(t, host).keys(toApply...).sees("Starting")
	s.keys("<ctrl+c>").sees("Undoing")
	s.until("cancelled, and undone").sees("Nothing was changed")
}

// A failure, then another try: nothing is typed again.
func TestScreensRetry(t *testing.T) {
	host, tries := testHost(), 0
	host.Install = func(_ context.Context, a answers.Answers, _ event.Reporter) (event.Result, error) {
		if tries++; tries == 1 {
			return event.Result{}, &finding.Error{Kind: finding.RolledBack, Err: errors.New("it stopped at once"), Log: []string{"the reason"}}
		}
		return event.Result{URL: a.Origin()}, nil
	}
	s := begin(t, host).keys(toApply...).sees("it stopped at once", "the reason", "All changes were undone")
	s.keys("r").sees("Review").keys("<enter>").sees("OpenAlgo is ready", "https://algo.example.com")
	if s.keys("<enter>"); !s.ended || s.m.err != nil || !s.m.outcome.Installed {
		t.Errorf("%v, %+v", s.m.err, s.m.outcome)
	}
}

func TestScreensPaste(t *testing.T) {
	s := begin(t, testHost()).keys(toCredentials...).paste("  key-123456\r\n").sees("**********", "were removed from")
	s.keys("<enter>").paste("secret-\n123456").keys("<enter>")
	if key, secret := s.m.draft.Get("broker.api_key"), s.m.draft.Get("broker.api_secret"); key != "key-123456" || secret != "secret-123456" {
		t.Errorf("%q, %q", key, secret)
	}
}

// A secret shows only while it is revealed.
func TestScreensHideSecrets(t *testing.T) {
	s := begin(t, testHost()).keys(toCredentials...).keys("key-123456").seesNot("key-123456")
	s.keys("<ctrl+r>").sees("key-123456").keys("<ctrl+r>").seesNot("key-123456")
	s.keys("<ctrl+r>", "<enter>").seesNot("key-123456").keys("secret-123456", "<enter>", "<enter>", "d").seesNot("secret-123456", "key-123456")
}

// The file that the review saves stands for the same answers.
func TestScreensSave(t *testing.T) {
	for name, down := range map[string]bool{"out": false, "in": true} {
		path := filepath.Join(t.TempDir(), "answers.yaml")
		s := begin(t, testHost()).keys(toReview...).keys("s", "<ctrl+u>", path, "<enter>")
		if down {
			s.keys("<down>")
		}
		s.keys("<enter>").sees("Review", "Saved.")
		text, err := os.ReadFile(path)
		if err != nil || strings.Contains(string(text), "secret-123456") != down {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		env := map[string]string{"BROKER_API_KEY": "key-123456", "BROKER_API_SECRET": "secret-123456"}
		again, problems := answers.Parse(text, answers.Lookup{Env: func(n string) (string, bool) { v, ok := env[n]; return v, ok }})
		if len(problems) > 0 {
			t.Fatalf("%v\n%s", problems, text)
		}
		now, _ := s.m.draft.Answers()
		one, _ := now.Public()
		two, _ := again.Public()
		if string(one) != string(two) {
			t.Errorf("%s: the saved answers differ:\n%s\n%s", name, one, two)
		}
		// A second time the file is there.
		s.keys("s", "<ctrl+u>", path, "<enter>", "<enter>").sees("exists already")
	}
}

// Who came over ssh is told how to reach an OpenAlgo of this machine only.
func TestScreensTunnel(t *testing.T) {
	host := testHost()
	host.Next.Tunnel = tunnel.Way{User: "root", Host: "192.0.2.2"}
	keys := []string{"<enter>", "<enter>", "zerodha", "<enter>", "<enter>", "k-1", "<enter>", "s-1", "<enter>", "<enter>", "<enter>"}
	begin(t, host).keys(keys...).sees("OpenAlgo is ready", "ssh -N -L 5000:127.0.0.1:5000 -L 8765:127.0.0.1:8765 root@192.0.2.2\n", "open http://127.0.0.1:5000 in the browser")
	begin(t, host).keys(toApply...).sees("OpenAlgo is ready").seesNot("ssh -N")
}

func TestScreensMenu(t *testing.T) {
	host := testHost()
	installed(&host)
	s := begin(t, host).sees("a resize is needed").keys("<down>", "<enter>")
	if !s.ended || len(s.m.outcome.Command) != 1 || s.m.outcome.Command[0] != "resize" {
		t.Errorf("%+v", s.m.outcome)
	}
	// The questions begin with what was answered.
	s = begin(t, host).keys("<down>", "<down>", "<enter>").sees("> algo.example.com")
	s.keys("<enter>", "<enter>", "<enter>").sees("> IIFL").keys("<enter>", "<enter>", "k", "<enter>", "s", "<enter>", "mk", "<enter>", "ms", "<enter>").
		sees("> Change them", "rehearsal", "5001")
}

// A size is told at any time, and too small a terminal does not break it.
func TestScreensResize(t *testing.T) {
	s := begin(t, testHost()).keys(toReview...)
	for _, size := range [][2]int{{200, 60}, {40, 20}, {20, 10}, {1, 1}, {0, 0}, {80, 24}} {
		s.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		_ = s.m.View()
	}
	s.sees("What changes")
}

// A panic ends the wizard with its reason, and not with the terminal.
func TestScreensPanic(t *testing.T) {
	g := &guarded{model: newModel(t.Context(), testHost(), theme.New(theme.Options{}))}
	g.page = nil // as a mistake would
	if _, cmd := g.Update(tea.KeyMsg{Type: tea.KeyEnter}); cmd == nil || g.panicked == "" {
		t.Error("the panic is not caught")
	}
	if g.View() != "" {
		t.Error("something is drawn after a panic")
	}
}

func BenchmarkKeyToFrame(b *testing.B) {
	for _, page := range [][]string{toBroker, toCredentials, toOptions, toReview} {
		s := newSession(b, testHost(), true, true, 200, 60).keys(page...)
		b.Run(strings.ReplaceAll(s.m.page.title(), " ", "-"), func(b *testing.B) {
			for b.Loop() {
				s.m.Update(tea.KeyMsg{Type: tea.KeyDown})
				_ = s.m.View()
			}
		})
	}
}
