package doctor

import (
	"errors"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/notify"
)

func TestMessages(t *testing.T) {
	t.Parallel()
	sent, failed := notify.State{Kind: "telegram", Name: "phone", Sent: today}, notify.State{Kind: "email", Name: "mail", Failed: today, Error: "refused"}
	for name, c := range map[string]struct {
		check messages
		level Level
		id    string
	}{
		"none":         {messages{known: true}, OK, ""},
		"one":          {messages{known: true, states: []notify.State{sent}}, OK, ""},
		"one of two":   {messages{known: true, states: []notify.State{sent, failed}}, Warning, "notify-fails"},
		"not readable": {messages{known: true, err: errors.New("no")}, Warning, "notify-unreadable"},
	} {
		p := sound(t)
		p.notify = c.check
		found := false
		for _, f := range findings(p) {
			if f.Check == "messages" {
				found = f.Level == c.level && f.ID == c.id
			}
		}
		if !found {
			t.Errorf("%s: %+v", name, findings(p))
		}
	}
}
