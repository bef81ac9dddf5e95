package target

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Parse reads what a person has of a service: a token, a password, a topic, the
// address that the service gave, or an address as shoutrrr writes it
// (telegram://token@telegram?chats=123). What it returns may lack a name, a server or
// recipients. Its error holds nothing of the text, which is a secret.
func Parse(kind Kind, text string) (Target, error) {
	text = strings.TrimSpace(text)
	t := Target{Kind: kind, Name: string(kind), Secret: secret.New(text)}
	if len(text) > mostLength {
		return t, errors.New("this is too long for an address")
	}
	scheme, _, ok := strings.Cut(text, "://")
	if !ok {
		return bare(t, text)
	}
	u, err := url.Parse(text)
	if err != nil {
		return t, errors.New("this is not an address that can be read: characters such as /, @, % and # in a password are written as %2F, %40, %25 and %23")
	}
	if scheme == "https" || scheme == "http" {
		return web(t, u)
	}
	read := forms[strings.ToLower(scheme)]
	if read == nil {
		return t, errors.New("addresses of this kind are not known; one of: telegram://, smtp://, ntfy://, slack://, discord://, generic://, https://")
	}
	got, err := read(u)
	if err != nil {
		return t, err
	}
	if got.Name = string(got.Kind); kind != "" && kind != got.Kind {
		return t, fmt.Errorf("this is an address of %s, not of %s", got.Kind, kind)
	}
	return got, nil
}

// bare is a text that is no address.
func bare(t Target, text string) (Target, error) {
	switch t.Kind {
	case Telegram, Email:
		return t, nil
	case Ntfy:
		if !topicPattern.MatchString(text) {
			return t, errors.New("a topic of ntfy has letters, digits, - and _, for example openalgo-x7k2m9")
		}
		t.Secret = secret.New("https://ntfy.sh/" + text)
		return t, nil
	case Slack, Discord, Webhook, Ping:
	}
	return t, errors.New("this needs the whole address that the service gave you, beginning with https://")
}

// web is the address that a service gave. Without a kind its host says which.
func web(t Target, u *url.URL) (Target, error) {
	if t.Kind == "" {
		t.Kind = cmp.Or(known[u.Hostname()], Webhook)
		t.Name = string(t.Kind)
	}
	if t.Kind == Telegram || t.Kind == Email {
		return t, fmt.Errorf("%s takes no web address here", t.Kind)
	}
	_, err := address(t.Secret.Reveal())
	return t, err
}

var known = map[string]Kind{"hooks.slack.com": Slack, "discord.com": Discord, "discordapp.com": Discord, "ntfy.sh": Ntfy, "hc-ping.com": Ping}

// forms are shoutrrr's addresses, by scheme.
var forms = map[string]func(*url.URL) (Target, error){
	"telegram": telegramForm, "smtp": smtpForm, "smtps": smtpForm, "ntfy": ntfyForm, "slack": slackForm, "discord": discordForm,
	"generic": genericForm, "generic+https": genericForm, "generic+http": genericForm,
}

// telegramForm is telegram://token@telegram?chats=@channel,123.
func telegramForm(u *url.URL) (Target, error) {
	token := u.User.Username()
	if rest, ok := u.User.Password(); ok {
		token += ":" + rest
	}
	t := Target{Kind: Telegram, Secret: secret.New(token)}
	for _, name := range []string{"chats", "channels"} {
		t.To = append(t.To, list(u.Query().Get(name))...)
	}
	return t, nil
}

// smtpForm is smtp://user:password@host:port/?from=me@example.com&to=a@example.com.
func smtpForm(u *url.URL) (Target, error) {
	q, password := u.Query(), ""
	if u.User != nil {
		password, _ = u.User.Password()
	}
	usual := "587"
	if u.Scheme == "smtps" || strings.EqualFold(q.Get("encryption"), "ImplicitTLS") {
		usual = "465"
	}
	if strings.EqualFold(q.Get("encryption"), "None") && !IsLoopback(u.Hostname()) {
		return Target{}, errors.New("e-mail is sent only with TLS: leave out encryption=None")
	}
	t := Target{Kind: Email, Secret: secret.New(password), User: u.User.Username(), Server: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), usual))}
	t.From = cmp.Or(q.Get("from"), q.Get("fromaddress"), q.Get("fromAddress"), t.User)
	t.To = list(cmp.Or(q.Get("to"), q.Get("toaddresses"), q.Get("toAddresses"), t.From))
	return t, nil
}

// ntfyForm is ntfy://user:password@host/topic; without a topic the host is it, and
// the server ntfy.sh.
func ntfyForm(u *url.URL) (Target, error) {
	to := url.URL{Scheme: cmp.Or(u.Query().Get("scheme"), "https"), User: u.User, Host: cmp.Or(u.Host, "ntfy.sh"), Path: u.Path}
	if strings.Trim(u.Path, "/") == "" {
		to.Host, to.Path = "ntfy.sh", "/"+u.Host
	}
	return Target{Kind: Ntfy, Secret: secret.New(to.String())}, nil
}

var slackToken = regexp.MustCompile(`^([A-Za-z0-9]{5,})[-/]([A-Za-z0-9]{5,})[-/]([A-Za-z0-9]{10,})$`)

// slackForm is slack://hook:A-B-C@webhook, or slack://A/B/C as older ones are.
func slackForm(u *url.URL) (Target, error) {
	token, _ := u.User.Password()
	if u.User.Username() == "xoxb" || strings.HasPrefix(token, "xox") {
		return Target{}, errors.New("this is the token of a Slack app: use the address of an incoming webhook")
	}
	if token == "" {
		token = u.Host + u.Path
	}
	parts := slackToken.FindStringSubmatch(strings.TrimSuffix(token, "/"))
	if parts == nil {
		return Target{}, errors.New("an address of Slack has three parts, as in slack://hook:A-B-C@webhook")
	}
	return Target{Kind: Slack, Secret: secret.New("https://hooks.slack.com/services/" + strings.Join(parts[1:], "/"))}, nil
}

// discordForm is discord://token@id.
func discordForm(u *url.URL) (Target, error) {
	if u.User.Username() == "" || u.Hostname() == "" {
		return Target{}, errors.New("an address of Discord is written as discord://token@id")
	}
	to := url.URL{Scheme: "https", Host: "discord.com", Path: "/api/webhooks/" + u.Hostname() + "/" + u.User.Username()}
	return Target{Kind: Discord, Secret: secret.New(to.String())}, nil
}

// genericForm is generic+https://host/path, or generic://host/path.
func genericForm(u *url.URL) (Target, error) {
	q := u.Query()
	to := *u
	if _, to.Scheme, _ = strings.Cut(u.Scheme, "+"); to.Scheme == "" {
		to.Scheme = "https"
		if strings.EqualFold(q.Get("disabletls"), "yes") {
			to.Scheme = "http"
		}
	}
	for name := range q {
		switch lower := strings.ToLower(name); {
		case strings.HasPrefix(name, "@") || strings.HasPrefix(name, "$"), lower == "template":
			return Target{}, errors.New("a webhook takes no headers, fields or template of its own here")
		case lower == "disabletls" || lower == "method" || lower == "requestmethod" || lower == "contenttype" || lower == "messagekey" || lower == "titlekey":
			q.Del(name)
		}
	}
	to.RawQuery = q.Encode()
	return Target{Kind: Webhook, Secret: secret.New(to.String())}, nil
}

func list(text string) (out []string) {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
