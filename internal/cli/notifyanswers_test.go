package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Addresses of the answers are kept once, and stay where saved answers have no secret.
func TestKeepAddresses(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	asked := 0
	telegram := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		fmt.Fprint(w, `{"ok":true,"result":[{"message":{"chat":{"id":123,"first_name":"Ravi"}}}]}`)
	}))
	defer telegram.Close()
	bot := target.Target{Kind: target.Telegram, Name: "phone", Secret: secret.New("110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"), Server: telegram.URL}
	stranger := bot // whoever wrote to the bot first
	bot.To = []string{"123"}
	hook := target.Target{Kind: target.Webhook, Name: "hook", Secret: secret.New("https://x.example/canary")}
	saved := hook
	saved.Secret = secret.New("")
	gone := saved
	gone.Name = "gone"
	for _, c := range []struct {
		what string
		has  []target.Target
		says string // "" is nothing
	}{
		{"a chat that nobody named", []target.Target{stranger}, "warning: no messages go to phone: one chat has written to this bot, and you have not confirmed that it is yours:\n  123  Ravi"},
		{"fresh ones", []target.Target{bot, hook, hook}, "Messages go to phone (telegram, 127.0.0.1).\n"},
		{"the same again", []target.Target{bot, hook}, ""},
		{"saved answers", []target.Target{saved}, ""},
		{"an address without a secret", []target.Target{gone}, "warning: no messages go to gone"},
	} {
		var out bytes.Buffer
		a := &app{dir: t.TempDir(), stdout: &out, stderr: &out}
		keepAddresses(t.Context(), a, []answers.Named{{Answers: answers.Answers{Notify: c.has}}})
		if got := out.String(); (got == "") != (c.says == "") || !strings.Contains(got, c.says) || strings.Contains(got, "canary") {
			t.Errorf("%s: %q, want %q", c.what, got, c.says)
		}
	}
	all, err := notify.New("").Targets()
	if err != nil || len(all) != 2 || all[1].Secret.Reveal() != "https://x.example/canary" || all[0].To[0] != "123" || asked != 1 {
		t.Errorf("%+v, %v; Telegram was asked %d times", all, err, asked)
	}
}
