package notify

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// Ping calls the ping addresses after a whole round of checks. Their service gives the
// alarm when no call comes, for example because this machine is down. With failed, it
// tells the service that something is wrong. A service that has no call for that is not
// called.
func (n *Notifier) Ping(ctx context.Context, failed bool) error { return pingAll(ctx, n, failed, "") }

// PingBackup calls those of backups, after one.
func PingBackup(ctx context.Context, n *Notifier, failed bool) error {
	return pingAll(ctx, n, failed, target.Backups)
}

func pingAll(ctx context.Context, n *Notifier, failed bool, after string) error {
	all, err := n.Targets()
	if err != nil {
		return err
	}
	var results []result
	for _, t := range all {
		if t.Kind == target.Ping && t.For == after {
			results = append(results, ping(ctx, &n.courier, t, failed))
		}
	}
	if len(results) == 0 {
		return nil
	}
	return n.update(context.WithoutCancel(ctx), func(o *outbox) {
		for _, r := range results {
			o.note(r, n.now())
		}
	})
}

func ping(ctx context.Context, c *courier, t target.Target, failed bool) result {
	to := pingAddress(t.Secret.Reveal(), failed)
	if to == "" {
		return result{name: t.Name}
	}
	for i := 0; ; i++ {
		err := c.pingOnce(ctx, t, to)
		if err == nil {
			return result{name: t.Name, sent: []int{0}} // no parcel has this number
		}
		if !err.passing || i >= len(c.pauses) || err.after > mostPause || wait.For(ctx, max(c.pauses[i], err.after)) != nil {
			return result{name: t.Name, err: err}
		}
	}
}

func (c *courier) pingOnce(ctx context.Context, t target.Target, to string) *trouble {
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	a, err := c.call(ctx, http.MethodGet, to, nil)
	if err == nil {
		err = a.judge(t.Host())
	}
	return c.quiet(t, err)
}

// checkPath is how healthchecks.io and those like it name a check: by a UUID, or by a
// key and a name below it.
var checkPath = regexp.MustCompile(`^(/ping)?/([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[A-Za-z0-9_-]{22}/[a-z0-9_-]+)$`)

// pingAddress is what is called; "" is nothing.
func pingAddress(address string, failed bool) string {
	u, err := url.Parse(address)
	if err != nil || !failed {
		return address
	}
	switch {
	case checkPath.MatchString(u.Path):
		u.Path += "/fail"
		return u.String()
	case strings.HasPrefix(u.Path, "/api/push/"): // Uptime Kuma
		q := u.Query()
		q.Set("status", "down")
		q.Set("msg", "problem")
		u.RawQuery = q.Encode()
		return u.String()
	}
	return ""
}

// Tested is how a test of one address ended.
type Tested struct {
	State
	Err *finding.Error `json:"-"` // nil: it was taken
}

// Test sends a message to one address, or with "" to each, and says what came back.
// Nothing of it is kept for later.
func (n *Notifier) Test(ctx context.Context, name string) ([]Tested, error) {
	all, err := n.Targets()
	if err != nil {
		return nil, err
	}
	l := n.compose([]Message{n.tidy(Message{Event: "test", Title: "This is a test of openalgo-install",
		Text: "Messages about OpenAlgo will come here", At: n.now()})}, 0)
	var out []Tested
	var results []result
	for _, t := range all {
		if name != "" && t.Name != name {
			continue
		}
		r := result{name: t.Name}
		if t.Kind == target.Ping {
			r.err = n.pingOnce(ctx, t, t.Secret.Reveal())
		} else {
			r.err = n.sendOnce(ctx, t, l)
		}
		tested := Tested{State: State{Kind: t.Kind, Name: t.Name, Host: t.Host()}}
		if r.err == nil {
			r.sent = []int{0}
		} else {
			tested.Err = r.err.err
		}
		out, results = append(out, tested), append(results, r)
	}
	if ctx.Err() != nil {
		return nil, finding.Cancel()
	}
	if name != "" && len(out) == 0 {
		return nil, unknown(name)
	}
	if len(out) == 0 {
		return nil, finding.Named(finding.Usage, "notify-none", "no address for messages is known; one of: %s", target.Names()).
			With(finding.Anywhere("Add one", "notify", "add", "telegram"))
	}
	err = n.update(ctx, func(o *outbox) {
		for _, r := range results {
			o.note(r, n.now())
		}
	})
	if err != nil {
		return out, fmt.Errorf("note how the test ended: %w", err)
	}
	return out, nil
}
