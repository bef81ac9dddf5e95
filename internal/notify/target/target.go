// Package target is where messages can be sent: its kinds, what each needs, and how
// an address is written. It does no I/O.
package target

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Kind is a service that takes messages.
type Kind string

// The kinds. Ping takes no messages: it is called after each round of checks, and
// its service gives the alarm when no call comes.
const (
	Telegram Kind = "telegram"
	Email    Kind = "email"
	Ntfy     Kind = "ntfy"
	Slack    Kind = "slack"
	Discord  Kind = "discord"
	Webhook  Kind = "webhook"
	Ping     Kind = "ping"
)

// Kinds lists all, in the order in which they are shown.
func Kinds() []Kind { return []Kind{Telegram, Email, Ntfy, Slack, Discord, Webhook, Ping} }

// Names lists all kinds as a text.
func Names() string {
	var out []string
	for _, k := range Kinds() {
		out = append(out, string(k))
	}
	return strings.Join(out, ", ")
}

// TelegramAPI is where Telegram takes messages, unless a Target says otherwise.
const TelegramAPI = "https://api.telegram.org"

// Target is one address that messages go to.
type Target struct {
	Kind Kind
	Name string // unique on a machine
	// Secret is the bot's token (telegram), the password (email; may be empty), or
	// the whole address.
	Secret secret.Text
	Server string   // of email: host:port; of telegram: another API than TelegramAPI
	User   string   // of email: for the login
	From   string   // of email
	To     []string // of email: addresses; of telegram: chats
	For    string   // of ping: what it is called after; "" is a round of checks
}

// Backups is what an address for pings may be for: each backup that is good.
const Backups = "backups"

// Host is where messages go, for a person to recognise; it is no secret.
func (t Target) Host() string {
	address := t.Secret.Reveal()
	switch t.Kind {
	case Email:
		host, _, _ := net.SplitHostPort(t.Server)
		return host
	case Telegram:
		address = t.API()
	case Ntfy, Slack, Discord, Webhook, Ping:
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// API is the address of Telegram's API.
func (t Target) API() string {
	if t.Server != "" {
		return strings.TrimSuffix(t.Server, "/")
	}
	return TelegramAPI
}

// Hidden are the parts of a Target that no text may show.
func (t Target) Hidden() []secret.Text {
	out := []secret.Text{t.Secret}
	u, err := url.Parse(t.Secret.Reveal())
	if t.Kind == Telegram || t.Kind == Email || err != nil {
		return out
	}
	out = append(out, secret.New(strings.TrimPrefix(u.Path, "/")), secret.New(u.EscapedPath()), secret.New(u.RawQuery), secret.New(u.User.Username()))
	if password, ok := u.User.Password(); ok {
		out = append(out, secret.New(password))
	}
	return out
}

var (
	namePattern  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)
	tokenPattern = regexp.MustCompile(`^[0-9]{3,20}:[A-Za-z0-9_-]{20,100}$`)
	chatPattern  = regexp.MustCompile(`^(-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31})$`)
	mailPattern  = regexp.MustCompile(`^[!-;=?A-~]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`) // neither spaces nor < > @
	topicPattern = regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`)
)

// most is how many recipients a Target may have, and how long a part of it may be.
const (
	mostTo     = 20
	mostLength = 2048
)

// Check says what is wrong with a Target. Its error holds no secret.
func (t Target) Check() error {
	switch {
	case !slices.Contains(Kinds(), t.Kind):
		return fmt.Errorf("there is no kind %q; one of: %s", t.Kind, Names())
	case !namePattern.MatchString(t.Name):
		return errors.New("a name has small letters, digits and dashes, at most 40, for example phone")
	case len(t.Secret.Reveal()) > mostLength || len(t.Server)+len(t.User)+len(t.From) > mostLength:
		return errors.New("this is too long for an address")
	case t.For != "" && (t.Kind != Ping || t.For != Backups):
		return errors.New("only a ping can be for something, and only for backups")
	case len(t.To) > mostTo:
		return fmt.Errorf("at most %d recipients are possible", mostTo)
	}
	switch t.Kind {
	case Telegram:
		return t.checkTelegram()
	case Email:
		return t.checkEmail()
	case Ntfy, Slack, Discord, Webhook, Ping:
	}
	return t.checkAddress()
}

func (t Target) checkTelegram() error {
	if !tokenPattern.MatchString(t.Secret.Reveal()) {
		return errors.New("this is not the token of a Telegram bot. BotFather gives you one, for example 110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw")
	}
	for _, chat := range t.To {
		if !chatPattern.MatchString(chat) {
			return errors.New("a chat of Telegram is a number, for example 123456789, or a channel, for example @mychannel")
		}
	}
	if t.Server == "" {
		return nil
	}
	_, err := address(t.Server)
	return err
}

func (t Target) checkEmail() error {
	host, port, err := net.SplitHostPort(t.Server)
	if err != nil || host == "" || port == "" {
		return errors.New("e-mail needs a server with its port, for example smtp.example.com:587")
	}
	if strings.ContainsAny(t.Server+t.User, "\r\n\x00") {
		return errors.New("the mail server and the user must each be on one line")
	}
	if !mailPattern.MatchString(t.From) {
		return errors.New("e-mail needs a sender, for example me@example.com")
	}
	if len(t.To) == 0 {
		return errors.New("e-mail needs a recipient, for example me@example.com")
	}
	for _, to := range t.To {
		if !mailPattern.MatchString(to) {
			return fmt.Errorf("%q is not an e-mail address, for example me@example.com", to)
		}
	}
	if t.Secret.Reveal() != "" && t.User == "" {
		return errors.New("a password needs a user, for example me@example.com")
	}
	return nil
}

func (t Target) checkAddress() error {
	u, err := address(t.Secret.Reveal())
	if err != nil {
		return err
	}
	if t.Kind == Ntfy && !topicPattern.MatchString(strings.Trim(u.Path, "/")) {
		return errors.New("the address of ntfy ends in a topic of letters, digits, - and _, for example https://ntfy.sh/openalgo-x7k2m9")
	}
	return nil
}

// address reads an address over HTTPS; over HTTP only of this machine, since others
// could read it on its way.
func address(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Hostname() == "" || strings.ContainsAny(text, " \r\n\t\x00") {
		return nil, errors.New("this is not a web address, for example https://example.com/hook")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !IsLoopback(u.Hostname())) {
		return nil, errors.New("the address must begin with https://, since others could read it otherwise. http:// works only for an address on this machine")
	}
	return u, nil
}

// IsLoopback reports whether a host is this machine.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
