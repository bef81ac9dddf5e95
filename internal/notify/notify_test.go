package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// token looks as one of Telegram's, and must be seen nowhere.
const token = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"

var thursday = time.Date(2026, 11, 26, 8, 54, 0, 0, market.IST)

// notifierIn is a Notifier with a directory of its own, which does not pause.
func notifierIn(t *testing.T) *Notifier {
	t.Helper()
	n := in(filepath.Join(t.TempDir(), "state"), "1.2.3")
	n.host, n.pauses = "vps-1", []time.Duration{0, 0}
	n.now = func() time.Time { return thursday }
	return n
}

// post is what a service was sent.
type post struct {
	path string
	head http.Header
	body string
}

// service answers as handler says, and keeps what it was sent.
type service struct {
	*httptest.Server
	mu    sync.Mutex
	posts []post
}

func serve(t *testing.T, handler http.HandlerFunc) *service {
	t.Helper()
	s := &service{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.posts = append(s.posts, post{r.URL.RequestURI(), r.Header, string(text)})
		s.mu.Unlock()
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) got() []post {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]post{}, s.posts...)
}

func ok(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ok":true,"result":{}}`) }

func (s *service) telegram() target.Target {
	return target.Target{Kind: target.Telegram, Name: "phone", Secret: secret.New(token), Server: s.URL, To: []string{"123"}}
}

func (s *service) web(kind target.Kind, path string) target.Target {
	return target.Target{Kind: kind, Name: string(kind), Secret: secret.New(s.URL + path)}
}

func add(t *testing.T, n *Notifier, all ...target.Target) {
	t.Helper()
	for _, one := range all {
		if err := n.Add(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
}

func send(t *testing.T, n *Notifier, m ...Message) {
	t.Helper()
	if err := n.Send(t.Context(), m...); err != nil {
		t.Fatal(err)
	}
}

var locked = Message{Event: "not-ready", Instance: "openalgo", Title: "OpenAlgo (openalgo) is not ready since 08:52 IST", Text: "the database is locked",
	Command: "sudo openalgo-install doctor", Severity: Problem, At: thursday, Since: thursday.Add(-2 * time.Minute)}

const lockedText = "OpenAlgo (openalgo) is not ready since 08:52 IST: the database is locked.\nOn the server vps-1: sudo openalgo-install doctor"

func TestWhatEachServiceGets(t *testing.T) {
	t.Parallel()
	s := serve(t, ok)
	n := notifierIn(t)
	add(t, n, s.telegram(), s.web(target.Ntfy, "/my-topic"), s.web(target.Slack, "/services/A/B/C"), s.web(target.Discord, "/api/webhooks/1/x"), s.web(target.Webhook, "/hook?key=1"), s.web(target.Ping, "/ping"))
	send(t, n, locked)
	field := func(body string) map[string]any {
		doc := map[string]any{}
		_ = json.Unmarshal([]byte(body), &doc)
		return doc
	}
	byPath := map[string]post{}
	for _, p := range s.got() {
		byPath[p.path] = p
	}
	if len(byPath) != 5 {
		t.Errorf("%d services were asked, want 5", len(byPath))
	}
	if doc := field(byPath["/bot"+token+"/sendMessage"].body); doc["text"] != lockedText || doc["chat_id"] != "123" {
		t.Errorf("Telegram got %v", doc)
	}
	if p := byPath["/my-topic"]; p.body != lockedText || p.head.Get("Title") != locked.Title || p.head.Get("Priority") != "5" {
		t.Errorf("ntfy got %+v", p)
	}
	if doc := field(byPath["/services/A/B/C"].body); doc["text"] != lockedText {
		t.Errorf("Slack got %v", doc)
	}
	if doc := field(byPath["/api/webhooks/1/x"].body); doc["content"] != lockedText || doc["allowed_mentions"] == nil {
		t.Errorf("Discord got %v", doc)
	}
	doc := field(byPath["/hook?key=1"].body)
	for key, want := range map[string]string{"event": "not-ready", "severity": "problem", "instance": "openalgo", "state": "problem", "since": "2026-11-26T08:52:00+05:30",
		"text": "OpenAlgo (openalgo) is not ready since 08:52 IST: the database is locked.", "version": "1.2.3", "host": "vps-1"} {
		if doc[key] != want {
			t.Errorf("the webhook got %s: %v, want %s", key, doc[key], want)
		}
	}
}

func TestSeveralInOneLetter(t *testing.T) {
	t.Parallel()
	s := serve(t, ok)
	n := notifierIn(t)
	add(t, n, s.web(target.Ntfy, "/topic"), s.web(target.Webhook, "/hook"))
	send(t, n, Message{Event: "disk", Title: "The disk is 91% full", Severity: Warning}, locked)
	for _, p := range s.got() {
		if !strings.Contains(p.body, "The disk is 91% full.") || !strings.Contains(p.body, "locked") {
			t.Errorf("%s got %s", p.path, p.body)
		}
		if p.path == "/topic" && p.head.Get("Title") != "OpenAlgo: 2 messages from vps-1" {
			t.Errorf("%q", p.head.Get("Title"))
		}
		if p.path == "/hook" && !strings.Contains(p.body, `"event":"not-ready","severity":"problem"`) {
			t.Errorf("the worst is not what the webhook is told: %s", p.body)
		}
	}
	if len(s.got()) != 2 {
		t.Errorf("%d posts, want one each", len(s.got()))
	}
}

// What is kept can be read by its owner alone, and nothing else shows a secret.
func TestSecretsAreKeptAndNotShown(t *testing.T) {
	t.Parallel()
	s := serve(t, ok)
	n := notifierIn(t)
	add(t, n, s.telegram())
	n.Hide(secret.NewRedactor(secret.New("canary-broker-key")))
	send(t, n, Message{Title: "it says canary-broker-key", Text: "canary-broker-key\x1b[2J"})
	entries, err := os.ReadDir(n.dir())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, _ := e.Info()
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", e.Name(), info.Mode().Perm())
		}
	}
	states, err := n.States()
	if err != nil {
		t.Fatal(err)
	}
	all, _ := n.Targets()
	shown, _ := json.Marshal(states)
	shown = fmt.Appendf(shown, "%v %+v %#v", all, all, all)
	if strings.Contains(string(shown), token) {
		t.Errorf("the token is shown: %s", shown)
	}
	if body := s.got()[0].body; strings.Contains(body, "canary") || strings.Contains(body, "u001b") {
		t.Errorf("a secret was sent: %s", body)
	}
	if all[0].Secret.Reveal() != token {
		t.Error("the token was not kept")
	}
}

func (n *Notifier) dir() string { return n.store.Dir() }

// TestAwayAndBack takes the network away and gives it back.
func TestAwayAndBack(t *testing.T) {
	t.Parallel()
	s := serve(t, ok)
	n := notifierIn(t)
	away := s.web(target.Webhook, "/hook")
	add(t, n, away)
	address := s.Listener.Addr().String()
	s.Close()
	send(t, n, locked)
	send(t, n, Message{Title: "second"})
	states, err := n.States()
	if err != nil || !states[0].Fails() || states[0].ID != "notify-unreachable" || states[0].Waiting != 2 || len(Failing(states)) != 1 {
		t.Fatalf("%+v, %v", states, err)
	}
	if strings.Contains(states[0].Error, "/hook") {
		t.Errorf("the address is shown: %s", states[0].Error)
	}
	back := &service{}
	back.Server = &httptest.Server{Listener: listen(t, address), Config: &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		back.mu.Lock()
		back.posts = append(back.posts, post{body: string(text)})
		back.mu.Unlock()
	})}}
	back.Start()
	t.Cleanup(back.Close)
	n.now = func() time.Time { return thursday.Add(time.Hour) }
	for range 2 {
		if err := n.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	got := back.got()
	if len(got) != 1 || !strings.Contains(got[0].body, "second") || !strings.Contains(got[0].body, "locked") || !strings.Contains(got[0].body, "could not be sent before") {
		t.Errorf("%+v", got)
	}
	states, _ = n.States()
	if states[0].Fails() || states[0].Waiting != 0 || states[0].Error != "" {
		t.Errorf("%+v", states)
	}
}

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	var l net.Listener
	err := wait.Until(t.Context(), 10*time.Second, 10*time.Millisecond, func(context.Context) (bool, error) {
		var err error
		l, err = net.Listen("tcp", address)
		return err == nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}
