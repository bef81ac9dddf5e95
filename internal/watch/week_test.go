package watch

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/autoupgrade"
	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/notify"
)

// upgrading is an instance for which a newer release is out.
type upgrading struct {
	calendar *calendar.Calendar
	runs     autoupgrade.Release
	did      func(string)
}

func (u *upgrading) Runs(context.Context) (autoupgrade.Release, error) { return u.runs, nil }
func (u *upgrading) Newest(_ context.Context, ref string, _ autoupgrade.Release) (autoupgrade.Release, error) {
	return autoupgrade.Release{Ref: ref, Digest: "sha256:new", Version: "2.0.3.0", Since: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}, nil
}
func (u *upgrading) Calendar(context.Context) *calendar.Calendar { return u.calendar }
func (u *upgrading) Drop(string)                                 {}
func (u *upgrading) Ready(context.Context) (bool, string)        { return true, "" }
func (u *upgrading) Rollback(context.Context) error              { return nil }
func (u *upgrading) Backup(context.Context) (string, error) {
	u.did("backup")
	return "backup", nil
}
func (u *upgrading) Upgrade(_ context.Context, digest string) (string, error) {
	u.did("upgrade")
	u.runs = autoupgrade.Release{Ref: "o/o@" + digest, Digest: digest, Version: "2.0.3.0"}
	return u.runs.Ref, nil
}

// Ten days of November 2026 in a moment, by OpenAlgo's own calendar: Muhurat on a Sunday
// evening, which is in the window of the upgrades, and a holiday on a Tuesday, of which
// MCX trades the evening. OpenAlgo is down for one morning.
func TestTradingDays(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "calendar", "testdata", "openalgo-2.0.2.1.txt"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := calendar.Parse(string(text), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, "alpha")
	b.watch.PreOpen, b.sight.Instances[0].calendar = PreOpenUsual, c
	b.now = time.Date(2026, 11, 6, 0, 0, 0, 0, market.IST)
	var happened []string
	say := func(what string) {
		happened = append(happened, b.now.In(market.IST).Format("Mon 2 15:04 ")+what)
	}
	b.watch.Tell = func(_ context.Context, all ...notify.Message) error {
		for _, m := range all {
			say(m.Title)
		}
		return nil
	}
	dir := instance.Dir(t.TempDir())
	if _, err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	window := autoupgrade.Window{Day: "Sunday", From: "17:30", To: "19:30"}
	if err := (&autoupgrade.State{On: true, Window: window, Days: 3}).Save(dir); err != nil {
		t.Fatal(err)
	}
	upgrades := &autoupgrade.Runner{Dir: dir, Name: "alpha", Now: func() time.Time { return b.now },
		Of:    &upgrading{calendar: c, runs: autoupgrade.Release{Ref: "o/o:latest", Digest: "sha256:old", Version: "2.0.2.1"}, did: say},
		Sleep: func(context.Context, time.Duration) error { return nil },
		Tell:  func(_ context.Context, m notify.Message) { say(m.Event) }}

	for end := b.now.AddDate(0, 0, 10); b.now.Before(end); b.now = b.now.Add(15 * time.Minute) {
		down := b.now.In(market.IST).Format("2 15") == "11 08"
		b.find(0)
		if b.sight.Instances[0].Ready = !down; down {
			b.sight.Instances[0].Reason = "the container is exited"
			b.find(0, Finding{ID: "not-ready", Text: "the container is exited"})
		}
		if _, err := b.watch.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		if b.now.Minute()%30 == 0 {
			if _, err := upgrades.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := []string{
		"Fri 6 08:45 Ready for the market: alpha",
		"Sun 8 08:45 Ready for the market: alpha",
		"Mon 9 08:45 Ready for the market: alpha",
		"Tue 10 08:45 Ready for the market: alpha",
		"Wed 11 08:15 OpenAlgo (alpha) is not ready since 08:00 IST",
		"Wed 11 08:45 Not ready for the market: alpha (the container is exited)",
		"Wed 11 09:15 OpenAlgo (alpha) is ready again",
		"Thu 12 08:45 Ready for the market: alpha",
		"Fri 13 08:45 Ready for the market: alpha",
		"Sat 14 18:00 upgrade-planned",
		"Sun 15 17:30 backup",
		"Sun 15 17:30 upgrade",
		"Sun 15 17:30 upgraded",
	}
	if !slices.Equal(happened, want) {
		t.Errorf("%s", strings.Join(happened, "\n"))
	}
}
