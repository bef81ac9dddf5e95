package notify

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// courier brings letters to services. It keeps nothing.
type courier struct {
	version string
	host    string // the machine's name; "" where it says nothing
	now     func() time.Time
	client  *http.Client
	roots   *x509.CertPool  // nil: the system's
	pauses  []time.Duration // between the tries of a round
	limit   time.Duration   // of one try
	hidden  []*secret.Redactor
}

func newCourier(version string) courier {
	host, _ := os.Hostname()
	if strings.HasPrefix(host, "localhost") {
		host = ""
	}
	return courier{version: version, host: host, now: time.Now, client: newClient(nil),
		pauses: []time.Duration{time.Second, 4 * time.Second}, limit: 10 * time.Second}
}

// Hide keeps what a Redactor knows out of every message.
func (c *courier) Hide(r *secret.Redactor) { c.hidden = append(c.hidden, r) }

func (c *courier) redact(text string) string {
	for _, r := range c.hidden {
		text = r.Redact(text)
	}
	return text
}

// try sends a letter, again after a while where that may help.
func (c *courier) try(ctx context.Context, t target.Target, l letter) *trouble {
	for i := 0; ; i++ {
		err := c.sendOnce(ctx, t, l)
		if err == nil || !err.passing || err.taken || i >= len(c.pauses) || err.after > mostPause {
			return err
		}
		if wait.For(ctx, max(c.pauses[i], err.after)) != nil {
			return err
		}
	}
}

// sendOnce tries once to send a letter.
func (c *courier) sendOnce(ctx context.Context, t target.Target, l letter) *trouble {
	send := senders[t.Kind]
	if send == nil {
		return &trouble{err: finding.Named(finding.Failed, "notify-refused", "this release of openalgo-install does not know the kind %s", t.Kind)}
	}
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	return c.quiet(t, send(ctx, c, t, l))
}

// quiet takes the secrets of an address out of what its service said.
func (c *courier) quiet(t target.Target, err *trouble) *trouble {
	if err == nil {
		return nil
	}
	text := secret.NewRedactor(t.Hidden()...).Redact(c.redact(err.err.Error()))
	err.err.Err = errors.New(text)
	return err
}

// senders has a function for each kind that takes messages.
var senders = map[target.Kind]func(context.Context, *courier, target.Target, letter) *trouble{
	target.Telegram: sendTelegram, target.Email: sendEmail, target.Ntfy: sendNtfy, target.Slack: sendSlack,
	target.Discord: sendDiscord, target.Webhook: sendWebhook,
}
