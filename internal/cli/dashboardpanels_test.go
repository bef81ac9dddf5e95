package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/dashboard"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/watch"
)

// shown is a page as a text.
func shown(p dashboard.Panel) string {
	var out strings.Builder
	for _, r := range p.Rows {
		fmt.Fprintf(&out, "%s %s|", r.Label, r.Text)
		if r.Bad {
			out.WriteString("!|")
		}
	}
	for _, d := range p.Deeds {
		fmt.Fprintf(&out, "> %s %s%s|", d.Label, d.Key, strings.Join(d.Args, " "))
	}
	return out.String()
}

func TestMessagesPanel(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 26, 6, 30, 0, 0, time.UTC)
	got := shown(messagesOf(watch.Glanced{}, nil, nil))
	for _, want := range []string{"Watch off|!|", "Go to nowhere yet|!|", "> Turn on the watch (recommended) watch on|", "notify add|"} {
		if !strings.Contains(got, want) || strings.Contains(got, "notify test") {
			t.Errorf("%q is missing, or a test of nothing is offered: %s", want, got)
		}
	}
	got = shown(messagesOf(watch.Glanced{On: true, At: noon, PreOpen: "08:45", Problems: []watch.Problem{{Text: "the disk is full soon", Since: noon}}},
		[]notify.State{{Name: "phone", Kind: "telegram", Host: "api.telegram.org", Sent: noon}, {Name: "email", Kind: "email", Host: "x.example", Failed: noon, Error: "refused"}}, nil))
	for _, want := range []string{"at 08:45 IST", "Problems the disk is full soon (since 26 Nov 2026, 12:00 IST)|!|", "Go to phone (telegram, api.telegram.org): sent 26 Nov 2026, 12:00 IST|", "refused|!|", "watch off|", "notify test|", "notify remove|"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing: %s", want, got)
		}
	}
}

func TestBackupsPanel(t *testing.T) {
	t.Parallel()
	d := instance.Dir(t.TempDir())
	if _, err := d.Create(); err != nil {
		t.Fatal(err)
	}
	got := shown(backupsPanel(t.Context(), string(d)))
	for _, want := range []string{"Last backup none yet|!|", "Every day no backup is made automatically|!|", "> Back up now b|", "> Restore a backup v|", "backup list|", "--schedule|"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing: %s", want, got)
		}
	}
}
