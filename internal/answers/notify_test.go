package answers_test

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

const notifyToken = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"

func TestNotify(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{ // "" is right; else the key and words of the one problem
		"notify: [{kind: telegram, secret: '" + notifyToken + "', to: 123}]\n":                                                   "",
		"notify: [{kind: telegram, secret: 'telegram://" + notifyToken + "@telegram?chats=123'}]\n":                              "",
		"notify: [{kind: ntfy, secret: {env: TOPIC}}]\n":                                                                         "",
		"notify: [{kind: email, server: 'mail.example.com:587', user: me@example.com, secret: x, to: [a@example.com]}]\n":        "",
		"notify: [{kind: email, server: 'mail.example.com:587', from: me@example.com}]\n":                                        "",
		"notify: [{kind: slack, secret: https://hooks.slack.com/services/A/B/C}, {kind: webhook, secret: https://x.example/}]\n": "",
		"notify:\n":                 "",
		"notify: {kind: slack}\n":   "notify: this must be a list",
		"notify: [slack]\n":         "notify[0]: this must be a section",
		"notify: [{kind: sms}]\n":   "notify[0].kind: \"sms\" is not a kind",
		"notify: [{kind: slack}]\n": "notify[0]: this is not a web address",
		"notify: [{kind: telegram, secret: canary-token}]\n":                                  "notify[0]: this is not the token",
		"notify: [{kind: webhook, secret: http://x.example/canary}]\n":                        "notify[0].secret: the address must begin with https",
		"notify: [{kind: webhook, secret: {env: CANARY_NONE}}]\n":                             "notify[0].secret: the environment variable",
		"notify: [{kind: webhook, url: x}]\n":                                                 "notify[0].url: there is no such key",
		"notify: [{kind: ntfy, secret: topic-1}, {kind: ntfy, secret: topic-2}]\n":            "notify[1].name: two addresses of this list are named \"ntfy\"",
		"notify: [{kind: ntfy, secret: topic-1}, {kind: ntfy, name: two, secret: topic-2}]\n": "",
	} {
		_, problems := answers.Parse([]byte(minimal+text), answers.Lookup{Env: func(name string) (string, bool) { return "openalgo-x7k2m9", name == "TOPIC" }})
		got := ""
		if len(problems) > 0 {
			got = problems[0].Key + ": " + problems[0].Message
		}
		if (got == "") != (want == "") || !strings.HasPrefix(got, want) || len(problems) > 1 || strings.Contains(got, "canary") {
			t.Errorf("%s: %v, want %q", text, problems, want)
		}
	}
}

// What is saved has no secret, and is read again.
func TestNotifyIsSavedWithoutSecrets(t *testing.T) {
	t.Parallel()
	text := minimal + "notify: [{kind: telegram, secret: '" + notifyToken + "', to: 123}, {kind: webhook, name: mine, secret: https://x.example/canary}]\n"
	a, problems := answers.Parse([]byte(text), lookup)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if !answers.HasPlainSecrets([]byte("version: 1\n" + text[strings.Index(text, "notify:"):])) {
		t.Error("nobody is warned of a file that others can read")
	}
	saved, err := a.Public()
	if err != nil || strings.Contains(string(saved), "canary") || strings.Contains(string(saved), notifyToken) || !strings.Contains(string(saved), "mine") {
		t.Fatalf("%s, %v", saved, err)
	}
	again, problems := answers.ParseSaved(saved)
	if len(problems) > 0 || len(again.Notify) != 2 || again.Notify[0].To[0] != "123" || again.Notify[1].Name != "mine" {
		t.Errorf("%+v, %v", again.Notify, problems)
	}
	// Whatever changes the answers later has no secrets either.
	again.Broker = a.Broker
	if problems := again.Check(); len(problems) > 0 {
		t.Error(problems)
	}
	again.Notify[0].Kind = "sms"
	if problems := again.Check(); len(problems) != 1 {
		t.Error(problems)
	}
}
