package target

import (
	"fmt"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/secret"
)

const token = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind Kind
		text string
		want string // kind secret server user from to, or the error's words
		ok   bool
	}{
		{Telegram, token, "telegram|" + token + "||||[]", true},
		{Telegram, " " + token + "\n", "telegram|" + token + "||||[]", true},
		{"", "telegram://" + token + "@telegram?chats=@channel,123", "telegram|" + token + "||||[@channel 123]", true},
		{"", "telegram://" + token + "@telegram?channels=-100123", "telegram|" + token + "||||[-100123]", true},
		{Telegram, "https://api.telegram.org/bot" + token, "takes no web address", false},
		{Telegram, "nonsense", "not the token", false},
		{Ntfy, "openalgo-x7k2m9", "ntfy|https://ntfy.sh/openalgo-x7k2m9||||[]", true},
		{Ntfy, "two words", "a topic of ntfy", false},
		{Ntfy, "https://ntfy.example.com/a/b", "ends in a topic", false},
		{"", "ntfy://ntfy.sh/topic", "ntfy|https://ntfy.sh/topic||||[]", true},
		{"", "ntfy://topic", "ntfy|https://ntfy.sh/topic||||[]", true},
		{"", "ntfy://:tk_1@ntfy.example.com:8443/topic", "ntfy|https://:tk_1@ntfy.example.com:8443/topic||||[]", true},
		{"", "ntfy://127.0.0.1:9/topic?scheme=http", "ntfy|http://127.0.0.1:9/topic||||[]", true},
		{"", "ntfy://192.0.2.1/topic?scheme=http", "must begin with https", false},
		{"", "slack://hook:AAAAA-BBBBB-CCCCCCCCCCCC@webhook", "slack|https://hooks.slack.com/services/AAAAA/BBBBB/CCCCCCCCCCCC||||[]", true},
		{"", "slack://AAAAA/BBBBB/CCCCCCCCCCCC", "slack|https://hooks.slack.com/services/AAAAA/BBBBB/CCCCCCCCCCCC||||[]", true},
		{"", "slack://xoxb:123-456-abc@C001", "incoming webhook", false},
		{"", "slack://hook:A@webhook", "three parts", false},
		{"", "discord://tok-en_1@123", "discord|https://discord.com/api/webhooks/123/tok-en_1||||[]", true},
		{"", "discord://123", "discord://token@id", false},
		{"", "generic+https://example.com/hook?a=1&template=x", "no headers, fields or template", false},
		{"", "generic+https://example.com/hook?a=1&messagekey=x", "webhook|https://example.com/hook?a=1||||[]", true},
		{"", "generic://example.com/hook", "webhook|https://example.com/hook||||[]", true},
		{"", "generic://example.com/hook?disabletls=yes", "must begin with https", false},
		{"", "smtp://me@example.com:p%2Fw@mail.example.com:2525/?to=a@example.com,b@example.com", "", false},
		{"", "smtp://me:p%2Fw@mail.example.com:2525/?from=me@example.com&to=a@example.com,b@example.com", "email|p/w|mail.example.com:2525|me|me@example.com|[a@example.com b@example.com]", true},
		{"", "smtp://me%40example.com:x@mail.example.com/", "email|x|mail.example.com:587|me@example.com|me@example.com|[me@example.com]", true},
		{"", "smtps://me%40example.com:x@mail.example.com", "email|x|mail.example.com:465|me@example.com|me@example.com|[me@example.com]", true},
		{"", "smtp://mail.example.com/?from=me@example.com&encryption=None", "only with TLS", false},
		{"", "https://hooks.slack.com/services/A/B/C", "slack|https://hooks.slack.com/services/A/B/C||||[]", true},
		{"", "https://discord.com/api/webhooks/1/x", "discord|https://discord.com/api/webhooks/1/x||||[]", true},
		{"", "https://hc-ping.com/11111111-2222-3333-4444-555555555555", "ping|https://hc-ping.com/11111111-2222-3333-4444-555555555555||||[]", true},
		{"", "https://example.com/x", "webhook|https://example.com/x||||[]", true},
		{Webhook, "http://example.com/x", "must begin with https", false},
		{Webhook, "http://localhost:9/x", "webhook|http://localhost:9/x||||[]", true},
		{Webhook, "example.com/x", "the whole address", false},
		{Slack, "discord://x@1", "an address of discord, not of slack", false},
		{"", "gotify://x/y", "not known", false},
		{Webhook, "https://exa mple.com/", "", false},
		{Webhook, "https://x/" + strings.Repeat("x", 3000), "too long", false},
	} {
		got, err := Parse(c.kind, c.text)
		if err == nil {
			err = got.Check()
		}
		if (err == nil) != c.ok && c.want != "" || err != nil && !c.ok && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
		if c.ok {
			if text := fmt.Sprintf("%s|%s|%s|%s|%s|%v", got.Kind, got.Secret.Reveal(), got.Server, got.User, got.From, got.To); text != c.want {
				t.Errorf("%s: %s, want %s", c.text, text, c.want)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	good := Target{Kind: Email, Name: "me", Server: "mail.example.com:587", User: "me", From: "me@example.com", To: []string{"you@example.com"}, Secret: secret.New("x")}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Target){
		"kind": func(t *Target) { t.Kind = "sms" }, "name": func(t *Target) { t.Name = "Me!" }, "server": func(t *Target) { t.Server = "mail" },
		"user": func(t *Target) { t.User = "" }, "lines": func(t *Target) { t.User = "me\r\nx" }, "from": func(t *Target) { t.From = "me" },
		"a name": func(t *Target) { t.To = []string{"Ravi <ravi@example.com>"} }, "two in one": func(t *Target) { t.To = []string{"a@b@c"} }, "a comma": func(t *Target) { t.To = []string{"a@example.com, b"} },
		"a line": func(t *Target) { t.From = "me@example.com\r\nBcc: x@example.com" },
		"to":     func(t *Target) { t.To = nil }, "bad to": func(t *Target) { t.To = []string{"x"} }, "many": func(t *Target) { t.To = make([]string, 50) },
	} {
		bad := good
		change(&bad)
		if bad.Check() == nil {
			t.Errorf("%s: nothing is said", name)
		}
	}
}

// FuzzParse looks for a text whose error shows it, or that is taken and not usable.
func FuzzParse(f *testing.F) {
	for _, text := range []string{token, "telegram://" + token + "@telegram?chats=1", "smtp://a:b@c:1/?to=x", "ntfy://x", "slack://a/b/c", "discord://a@b", "generic+https://x/y?$a=b", "https://x/y", "a:b"} {
		for _, kind := range Kinds() {
			f.Add(string(kind), text)
		}
		f.Add("", text)
	}
	f.Fuzz(func(t *testing.T, kind, text string) {
		got, err := Parse(Kind(kind), text)
		if err == nil {
			err = got.Check()
		}
		if err != nil {
			for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("/@:?&= ", r) }) {
				if len(part) > 12 && strings.Contains(err.Error(), part) && got.Kind != Email && kind != part {
					t.Errorf("%q shows a part of the secret: %v", part, err)
				}
			}
			return
		}
		if got.Host() == "" && got.Kind != Email {
			t.Errorf("%q has no host", text)
		}
		if strings.ContainsAny(got.Secret.Reveal(), "\r\n") && got.Kind != Email {
			t.Errorf("%q has lines", got.Secret.Reveal())
		}
	})
}
