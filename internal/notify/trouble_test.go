package notify

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/notify/target"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

func answers(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// TestTroubles has each service answer with each fault.
func TestTroubles(t *testing.T) {
	t.Parallel()
	hangs := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	huge := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		for range 200 {
			if _, err := w.Write(make([]byte, 10<<10)); err != nil {
				return
			}
		}
	}
	for name, c := range map[string]struct {
		kind    target.Kind
		handler http.HandlerFunc
		id      string
		says    string
		tries   int
		waits   bool // a service that asked for time is left alone
	}{
		"a wrong token":            {target.Telegram, answers(401, `{"ok":false,"error_code":401,"description":"Unauthorized"}`), "notify-refused", "does not know this token", 1, false},
		"a token of another shape": {target.Telegram, answers(404, `{"ok":false,"description":"Not Found"}`), "notify-refused", "does not know this token", 1, false},
		"an unknown chat":          {target.Telegram, answers(400, `{"ok":false,"description":"Bad Request: chat not found"}`), "notify-chat-unknown", "no such chat", 1, false},
		"a bot that was blocked":   {target.Telegram, answers(403, `{"ok":false,"description":"Forbidden: bot was blocked by the user"}`), "notify-chat-unknown", "blocked by the user", 1, false},
		"a group that has moved":   {target.Telegram, answers(400, `{"ok":false,"description":"x","parameters":{"migrate_to_chat_id":-100123}}`), "notify-chat-unknown", "-100123", 1, false},
		"Telegram has enough":      {target.Telegram, answers(429, `{"ok":false,"description":"Too Many Requests","parameters":{"retry_after":300}}`), "notify-busy", "429", 1, true},
		"Telegram's proxy":         {target.Telegram, answers(200, `<html>log in first</html>`), "notify-refused", "log in first", 1, false},
		"a webhook that is gone":   {target.Slack, answers(404, "no_service"), "notify-refused", "no_service", 1, false},
		"no permission":            {target.Discord, answers(401, `{"message":"Invalid Webhook Token"}`), "notify-refused", "Invalid Webhook Token", 1, false},
		"enough for a while":       {target.Discord, answers(429, "", "Retry-After", "0.01"), "notify-busy", "429", 3, true},
		"enough for long":          {target.Ntfy, answers(429, "", "Retry-After", "3600"), "notify-busy", "429", 1, true},
		"a fault":                  {target.Ntfy, answers(503, "maintenance"), "notify-unreachable", "503", 3, false},
		"one that hangs":           {target.Webhook, hangs, "notify-unreachable", "in time", 3, false},
		"a huge answer":            {target.Webhook, huge, "notify-refused", "403", 1, false},
		"another host":             {target.Webhook, answers(302, "", "Location", "https://example.com/"), "notify-refused", "redirects to another address", 1, false},
		"its own words":            {target.Webhook, answers(403, "\x1b[2J forbidden \x00 /hook-canary"), "notify-refused", "forbidden", 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.handler)
			n := notifierIn(t)
			n.limit = 5 * time.Second
			if strings.HasPrefix(name, "one that hangs") {
				n.limit = 50 * time.Millisecond
			}
			to := s.web(c.kind, "/hook-canary")
			if c.kind == target.Telegram {
				to = s.telegram()
				to.Name = "telegram"
			}
			add(t, n, to)
			send(t, n, locked)
			states, err := n.States()
			if err != nil {
				t.Fatal(err)
			}
			got := states[0]
			if got.ID != c.id || !strings.Contains(got.Error, c.says) || got.Waiting != 1 {
				t.Errorf("%+v", got)
			}
			for _, hidden := range []string{"canary", token, "\x1b", "\x00"} {
				if strings.Contains(got.Error, hidden) {
					t.Errorf("%q is shown: %s", hidden, got.Error)
				}
			}
			if tries := len(s.got()); tries != c.tries {
				t.Errorf("%d tries, want %d", tries, c.tries)
			}
			if err := n.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if asked := len(s.got()) > c.tries; asked == c.waits {
				t.Errorf("asked again: %v", asked)
			}
		})
	}
}

// A certificate that nobody vouches for is refused.
func TestCertificateIsChecked(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(ok))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	n := notifierIn(t)
	add(t, n, target.Target{Kind: target.Webhook, Name: "hook", Secret: secret.New(server.URL + "/x")})
	tested, err := n.Test(t.Context(), "")
	if err != nil || tested[0].Err == nil || tested[0].Err.ID != "notify-insecure" {
		t.Errorf("%+v, %v", tested, err)
	}
}

// TestTest says what came back, and keeps nothing for later.
func TestTest(t *testing.T) {
	t.Parallel()
	good, bad := serve(t, ok), serve(t, answers(404, "no_service"))
	n := notifierIn(t)
	if _, err := n.Test(t.Context(), ""); err == nil {
		t.Error("there is nothing to test")
	}
	add(t, n, good.web(target.Webhook, "/a"), bad.web(target.Slack, "/services/x"), good.web(target.Ping, "/ping"))
	tested, err := n.Test(t.Context(), "")
	if err != nil || len(tested) != 3 || tested[0].Err != nil || tested[1].Err == nil || tested[2].Err != nil {
		t.Fatalf("%+v, %v", tested, err)
	}
	if tested, err := n.Test(t.Context(), "webhook"); err != nil || len(tested) != 1 {
		t.Errorf("%+v, %v", tested, err)
	}
	if _, err := n.Test(t.Context(), "nobody"); err == nil {
		t.Error("an unknown name is tested")
	}
	if waiting := outboxOf(n.store).Waiting; len(waiting) != 0 {
		t.Errorf("%+v is kept", waiting)
	}
	states, _ := n.States()
	if states[0].Fails() || !states[1].Fails() {
		t.Errorf("%+v", states)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.Test(ctx, ""); err == nil {
		t.Error("a test that was cancelled says that it was done")
	}
}

// One chat that is gone costs the other nothing, and it gets no message twice.
func TestSomeRecipients(t *testing.T) {
	t.Parallel()
	var first atomic.Int32
	n := notifierIn(t)
	both := serve(t, nil)
	both.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := make([]byte, 1000)
		k, _ := r.Body.Read(text)
		if strings.Contains(string(text[:k]), `"chat_id":"2"`) {
			answers(400, `{"ok":false,"description":"Bad Request: chat not found"}`)(w, r)
			return
		}
		first.Add(1)
		ok(w, r)
	})
	to := both.telegram()
	to.To = []string{"2", "1"}
	add(t, n, to)
	send(t, n, locked)
	if err := n.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	states, _ := n.States()
	if first.Load() != 1 || !states[0].Fails() || states[0].Waiting != 0 {
		t.Errorf("%d messages, %+v", first.Load(), states)
	}
}

// A letter that a service does not take holds up no other.
func TestOneRefusedLetter(t *testing.T) {
	t.Parallel()
	var taken atomic.Int32
	away := true
	n := notifierIn(t)
	s := serve(t, nil)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := make([]byte, 10000)
		k, _ := r.Body.Read(text)
		switch {
		case away:
			w.WriteHeader(http.StatusBadGateway)
		case strings.Contains(string(text[:k]), "poison"):
			w.WriteHeader(http.StatusBadRequest)
		default:
			taken.Add(1)
		}
	})
	add(t, n, s.web(target.Webhook, "/x"))
	for i := range 5 {
		title := fmt.Sprint("message ", i)
		if i == 2 {
			title = "poison"
		}
		send(t, n, Message{Title: title})
	}
	away = false
	send(t, n, Message{Title: "last"})
	states, _ := n.States()
	if taken.Load() != 5 || states[0].Waiting != 1 {
		t.Errorf("%d taken, %+v", taken.Load(), states)
	}
}

// What is kept has an end, and what was dropped is said.
func TestOutboxIsBounded(t *testing.T) {
	t.Parallel()
	away := true
	n := notifierIn(t)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if away {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	add(t, n, s.web(target.Ntfy, "/topic"))
	n.pauses = nil
	now := thursday
	n.now = func() time.Time { return now }
	for range mostWaiting/10 + 2 {
		send(t, n, slices.Repeat([]Message{{Title: "message"}}, 10)...)
	}
	states, _ := n.States()
	if states[0].Waiting != mostWaiting || states[0].Dropped != 20 {
		t.Fatalf("%+v", states)
	}
	now = now.Add(mostAge - time.Hour)
	send(t, n, Message{Title: "much later"})
	now = now.Add(2 * time.Hour)
	away = false
	before := len(s.got())
	if err := n.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := s.got()[before:]
	if len(got) != 1 || !strings.Contains(got[0].body, "220 older messages could not be sent in time and were dropped") || !strings.Contains(got[0].body, "much later") {
		t.Errorf("%+v", got)
	}
	states, _ = n.States()
	if states[0].Dropped != 0 || states[0].Waiting != 0 {
		t.Errorf("%+v", states)
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	const uuid = "/11111111-2222-3333-4444-555555555555"
	for address, want := range map[string]string{
		"https://hc-ping.com" + uuid:                        "https://hc-ping.com" + uuid + "/fail",
		"https://hc.example.com/ping" + uuid:                "https://hc.example.com/ping" + uuid + "/fail",
		"https://hc-ping.com/abcdefghijklmnopqrstuv/vps-1":  "https://hc-ping.com/abcdefghijklmnopqrstuv/vps-1/fail",
		"https://kuma.example.com/api/push/k?status=up&x=1": "https://kuma.example.com/api/push/k?msg=problem&status=down&x=1",
		"https://example.com/alive":                         "",
	} {
		if got := pingAddress(address, true); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
		if got := pingAddress(address, false); got != address {
			t.Errorf("%s: %q without a problem", address, got)
		}
	}
	s := serve(t, ok)
	n := notifierIn(t)
	add(t, n, s.web(target.Ping, "/ping"+uuid))
	send(t, n, locked)
	for _, failed := range []bool{false, true} {
		if err := n.Ping(t.Context(), failed); err != nil {
			t.Fatal(err)
		}
	}
	backups := s.web(target.Ping, "/backups")
	backups.Name, backups.For = "ping-backups", target.Backups
	add(t, n, backups)
	if err := n.Ping(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if err := PingBackup(t.Context(), n, false); err != nil {
		t.Fatal(err)
	}
	if got := s.got(); len(got) != 4 || got[2].path != "/ping"+uuid || got[3].path != "/backups" {
		t.Errorf("%+v", got)
	}
	if wrong := s.web(target.Webhook, "/hook"); n.Add(t.Context(), target.Target{Kind: wrong.Kind, Name: "hook", Secret: wrong.Secret, For: target.Backups}) == nil {
		t.Error("a webhook for backups")
	}
	if got := s.got(); len(got) < 2 || got[0].path != "/ping"+uuid || got[1].path != "/ping"+uuid+"/fail" {
		t.Errorf("%+v", got)
	}
}

func TestChats(t *testing.T) {
	t.Parallel()
	s := serve(t, answers(200, `{"ok":true,"result":[{"update_id":1,"message":{"chat":{"id":12,"first_name":"Ravi","last_name":"K","username":"ravi"}}},
		{"update_id":2,"message":{"chat":{"id":12,"first_name":"Ravi"}}},{"update_id":3,"channel_post":{"chat":{"id":-10012,"title":"Desk\u001b[2J"}}}]}`))
	n := notifierIn(t)
	chats, err := n.Chats(t.Context(), s.telegram())
	if err != nil || fmt.Sprint(chats) != "[{12 Ravi K (@ravi)} {-10012 Desk}]" {
		t.Errorf("%v, %v", chats, err)
	}
}

// Several processes send at once: none is lost, none comes twice.
func TestManySenders(t *testing.T) {
	t.Parallel()
	s := serve(t, ok)
	n := notifierIn(t)
	add(t, n, s.web(target.Webhook, "/x"))
	done := make(chan error)
	const many = 8
	for i := range many {
		go func() {
			other := in(n.store.Dir(), "1")
			done <- other.Send(context.Background(), Message{Title: fmt.Sprintf("<%d>", i)})
		}()
	}
	for range many {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	all := ""
	for _, p := range s.got() {
		all += p.body
	}
	for i := range many {
		// In the text, and once more in the list of events.
		if got := strings.Count(all, fmt.Sprintf(`"text":"\u003c%d\u003e.`, i)); got == 0 {
			t.Errorf("message %d was lost: %s", i, all)
		}
	}
	if waiting := outboxOf(n.store).Waiting; len(waiting) != 0 {
		t.Errorf("%d are still waiting", len(waiting))
	}
}
