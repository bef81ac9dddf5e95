package autoupgrade

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/notify"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.ParseInLocation("2006-01-02 15:04", text, market.IST)
	if err != nil {
		t.Fatal(err)
	}
	return when.UTC()
}

func TestParseWindow(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "Saturday 06:00 to 08:00 IST", "on": "Saturday 06:00 to 08:00 IST", "sun 05:00-07:00": "Sunday 05:00 to 07:00 IST",
		"Daily 04:30-07:30": "every day 04:30 to 07:30 IST", "SATURDAY 06:00-12:00": "Saturday 06:00 to 12:00 IST",
	} {
		if w, err := ParseWindow(text); err != nil || w.String() != want {
			t.Errorf("%q: %s, %v", text, w, err)
		}
	}
	for _, wrong := range []string{"Saturday", "06:00-08:00", "someday 06:00-08:00", "Saturday 08:00-06:00", "Saturday 06:00-06:30", "Saturday 06:00-13:00", "Saturday 06:00-25:00", "Saturday 06:00 08:00"} {
		if w, err := ParseWindow(wrong); err == nil {
			t.Errorf("%q: %s", wrong, w)
		}
	}
}

func TestWindowTrades(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-11-25 12:00")
	for text, want := range map[string]string{"": "", "daily 04:30-07:30": "", "Sunday 10:00-12:00": "", "Monday 10:00-12:00": "NSE and BSE trade", "daily 08:00-10:00": "open"} {
		w, err := ParseWindow(text)
		if got := w.Trades(now, nil); err != nil || want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

const saturday = "2026-11-28 06:30"

func TestDecide(t *testing.T) {
	t.Parallel()
	muhurat, err := calendar.Parse(calendar.Line+` {"days":[{"date":"2026-11-28","type":"SPECIAL_SESSION","name":"Muhurat","exchanges":[{"exchange":"NSE","open":true,"start":1795867200000,"end":1795870800000}]}]}`, at(t, "2026-11-27 00:00"))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		now    string
		change func(s *State, runs, r *Release)
		c      *calendar.Calendar
		want   Action
	}{
		"in the window":           {saturday, nil, nil, Upgrade},
		"off":                     {saturday, func(s *State, _, _ *Release) { s.On = false }, nil, Wait},
		"held":                    {saturday, func(s *State, _, _ *Release) { s.Hold = true }, nil, Wait},
		"the newest":              {saturday, func(_ *State, runs, r *Release) { runs.Digest = r.Digest }, nil, Wait},
		"skipped":                 {saturday, func(s *State, _, r *Release) { s.SkipOver(r.Version) }, nil, Wait},
		"skipped by its digest":   {saturday, func(s *State, _, r *Release) { s.SkipOver(r.Digest) }, nil, Wait},
		"failed":                  {saturday, func(s *State, _, r *Release) { s.Failed.Digest = r.Digest }, nil, Wait},
		"rolled back by its user": {saturday, func(s *State, _, r *Release) { s.Done.Digest = r.Digest }, nil, Wait},
		"not told":                {saturday, func(s *State, _, _ *Release) { s.Told = Mark{} }, nil, Wait},
		"told a week ago":         {saturday, func(s *State, _, _ *Release) { s.Told.At = s.Told.At.AddDate(0, 0, -7) }, nil, Wait},
		"another was told":        {saturday, func(s *State, _, _ *Release) { s.Told.Digest = "sha256:c" }, nil, Wait},
		"too young":               {saturday, func(_ *State, _, r *Release) { r.Since = r.Since.AddDate(0, 0, 20) }, nil, Wait},
		"young, closes a hole":    {saturday, func(_ *State, _, r *Release) { r.Since, r.Security = r.Since.AddDate(0, 0, 20), true }, nil, Upgrade},
		"major":                   {saturday, func(_ *State, _, r *Release) { r.Version = "3.0.0.0" }, nil, Wait},
		"no version":              {saturday, func(_ *State, _, r *Release) { r.Version = "" }, nil, Wait},
		"breaking":                {saturday, func(_ *State, _, r *Release) { r.Breaking = true }, nil, Wait},
		"a special session":       {saturday, nil, muhurat, Wait},
		"late":                    {"2026-11-28 07:31", nil, nil, Wait},
		"after it":                {"2026-11-28 08:00", nil, nil, Wait},
		"on Friday":               {"2026-11-27 18:00", func(s *State, _, _ *Release) { s.Told = Mark{} }, nil, Notice},
		"on Friday, told":         {"2026-11-27 18:30", nil, nil, Wait},
		"on Friday, breaking":     {"2026-11-27 18:00", func(s *State, _, r *Release) { s.Told, r.Breaking = Mark{}, true }, nil, Refuse},
		"on Friday, refused":      {"2026-11-27 18:30", func(s *State, _, r *Release) { s.Told, s.Refused, r.Breaking = Mark{}, r.Digest, true }, nil, Wait},
		"on Thursday":             {"2026-11-26 18:00", func(s *State, _, _ *Release) { s.Told = Mark{} }, nil, Wait},
	} {
		runs := Release{Ref: "o/o:latest", Digest: "sha256:a", Version: "2.0.2.1"}
		r := Release{Ref: "o/o:latest", Digest: "sha256:b", Version: "2.0.3.0", Since: at(t, "2026-11-07 12:00")}
		s := &State{On: true, Window: Default, Days: 3, Told: Mark{Digest: r.Digest, At: at(t, "2026-11-27 18:00")}}
		if test.change != nil {
			test.change(s, &runs, &r)
		}
		if d := Decide(at(t, test.now), s, runs, r, test.c); d.Do != test.want || d.Why == "" {
			t.Errorf("%s: %+v, want %s", name, d, test.want)
		}
	}
}

// world is an instance, its registry and its owner's phone, by a clock that is set.
type world struct {
	now      time.Time
	runs     Release
	newest   Release
	fails    error
	backup   error
	before   Release
	during   func() // while a backup is made
	begun    func() // when an upgrade begins
	silent   int    // how many answers are missing after an upgrade
	did      []string
	messages []string
	dropped  []string
}

func (w *world) log(format string, args ...any) {
	w.did = append(w.did, w.now.In(market.IST).Format("Mon 15:04 ")+fmt.Sprintf(format, args...))
}

func (w *world) Runs(context.Context) (Release, error) { return w.runs, nil }
func (w *world) Newest(_ context.Context, ref string, _ Release) (Release, error) {
	r := w.newest
	r.Ref = ref
	return r, nil
}
func (w *world) Calendar(context.Context) *calendar.Calendar { return nil }
func (w *world) Drop(file string)                            { w.dropped = append(w.dropped, file) }
func (w *world) Backup(context.Context) (string, error) {
	w.log("backup")
	if w.during != nil {
		w.during()
	}
	return w.now.Format("backup-02T1504"), w.backup
}
func (w *world) Upgrade(_ context.Context, digest string) (string, error) {
	w.log("upgrade %s", digest)
	if w.begun != nil {
		w.begun()
	}
	if w.fails == nil {
		w.before = w.runs
		w.runs = Release{Ref: "o/o@" + digest, Digest: digest, Version: w.newest.Version}
	}
	return w.runs.Ref, w.fails
}
func (w *world) Ready(context.Context) (bool, string) {
	w.silent--
	return w.silent < 0, "no answer"
}
func (w *world) Rollback(context.Context) error {
	w.log("rollback")
	w.runs = w.before
	return nil
}

func (w *world) runner(dir instance.Dir) *Runner {
	return &Runner{Dir: dir, Name: "openalgo", Of: w, Now: func() time.Time { return w.now },
		Sleep: func(context.Context, time.Duration) error { return nil },
		Tell: func(_ context.Context, m notify.Message) {
			w.messages = append(w.messages, w.now.In(market.IST).Format("Mon 15:04 ")+m.Event)
		}}
}

// Five weeks in a moment: a release is told on Friday and installed on Saturday, a young
// one waits, one that fails is rolled back and not tried again, and its successor is
// installed from the tag that was followed, not from the digest that was pinned.
func TestWeeks(t *testing.T) {
	t.Parallel()
	dir := instance.Dir(t.TempDir())
	if _, err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	if err := (&State{On: true, Window: Default, Days: DefaultDays}).Save(dir); err != nil {
		t.Fatal(err)
	}
	w := &world{now: at(t, "2026-11-16 00:00"), runs: Release{Ref: "o/o:latest", Digest: "sha256:a", Version: "2.0.2.1"}}
	w.newest = w.runs
	events := map[string]func(){
		"2026-11-17 12:00": func() { w.newest = Release{Digest: "sha256:b", Version: "2.0.3.0", Since: w.now} },
		"2026-11-26 12:00": func() { w.newest = Release{Digest: "sha256:c", Version: "2.0.4.0", Since: w.now} }, // two days before
		"2026-12-05 06:00": func() { w.fails = finding.Named(finding.RolledBack, "rolled-back", "does not start") },
		"2026-12-05 08:00": func() { w.fails = nil },
		"2026-12-14 12:00": func() { w.newest = Release{Digest: "sha256:d", Version: "2.0.5.0", Since: w.now} },
	}
	for w.now.Before(at(t, "2026-12-21 00:00")) {
		if event := events[w.now.In(market.IST).Format("2006-01-02 15:04")]; event != nil {
			event()
		}
		_, err := w.runner(dir).Run(t.Context())
		if failed := w.fails != nil && slices.Contains(w.did, "Sat 06:00 upgrade sha256:c"); err != nil && !failed {
			t.Fatalf("%s: %v", w.now, err)
		}
		w.now = w.now.Add(30 * time.Minute)
	}
	if want := []string{"Sat 06:00 backup", "Sat 06:00 upgrade sha256:b", "Sat 06:00 backup", "Sat 06:00 upgrade sha256:c", "Sat 06:00 backup", "Sat 06:00 upgrade sha256:d"}; !slices.Equal(w.did, want) {
		t.Errorf("%q", w.did)
	}
	if want := []string{"Fri 18:00 upgrade-planned", "Sat 06:00 upgraded", "Fri 18:00 upgrade-planned", "Sat 06:00 upgrade-failed", "Fri 18:00 upgrade-planned", "Sat 06:00 upgraded"}; !slices.Equal(w.messages, want) {
		t.Errorf("%q", w.messages)
	}
	s := Load(dir)
	if s.Follow != "o/o:latest" || s.Pinned != "o/o@sha256:d" || Follows(dir, "o/o@sha256:d") != "o/o:latest" || Follows(dir, "o/o:2") != "o/o:2" {
		t.Errorf("%+v", s)
	}
}

// due is an instance in its window, whose release was told.
func due(t *testing.T) (*world, instance.Dir) {
	t.Helper()
	dir := instance.Dir(t.TempDir())
	if _, err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	w := &world{now: at(t, saturday), runs: Release{Ref: "o/o:latest", Digest: "sha256:a", Version: "2.0.2.1"},
		newest: Release{Digest: "sha256:b", Version: "2.0.3.0", Since: at(t, "2026-11-01 00:00")}}
	s := &State{On: true, Window: Default, Days: 3, Told: Mark{Digest: "sha256:b", At: at(t, "2026-11-27 18:00")}}
	if err := s.Save(dir); err != nil {
		t.Fatal(err)
	}
	return w, dir
}

// A release that starts and then goes silent is rolled back.
func TestGoesSilent(t *testing.T) {
	t.Parallel()
	w, dir := due(t)
	w.silent = mayMiss
	if _, err := w.runner(dir).Run(t.Context()); finding.KindOf(err) != finding.RolledBack {
		t.Error(err)
	}
	if last := w.did[len(w.did)-1]; last != "Sat 06:30 rollback" || Load(dir).Failed.Digest != "sha256:b" || !slices.Contains(w.messages, "Sat 06:30 upgrade-failed") {
		t.Errorf("%q, %q", w.did, w.messages)
	}
	w, dir = due(t)
	w.silent = mayMiss - 1
	if _, err := w.runner(dir).Run(t.Context()); err != nil || slices.Contains(w.did, "Sat 06:30 rollback") {
		t.Error(err, w.did)
	}
}

// Without a backup nothing is begun. That is told once, and tried again.
func TestNoBackup(t *testing.T) {
	t.Parallel()
	w, dir := due(t)
	w.backup = errors.New("no room")
	for range 2 {
		if _, err := w.runner(dir).Run(t.Context()); err == nil {
			t.Error("no error")
		}
	}
	if len(w.messages) != 1 || slices.Contains(w.did, "Sat 06:30 upgrade sha256:b") || Load(dir).Failed.Digest != "" {
		t.Errorf("%q, %q", w.did, w.messages)
	}
	w.backup = nil
	if _, err := w.runner(dir).Run(t.Context()); err != nil || Load(dir).Done.Digest != "sha256:b" || Load(dir).Problem != "" {
		t.Error(err)
	}
}

// The file may be damaged, or changed by hand.
func TestLoadWhatIsNone(t *testing.T) {
	t.Parallel()
	dir := instance.Dir(t.TempDir())
	if _, err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	for _, s := range []State{{On: true}, {On: true, Window: Window{"Saturday", "06:00", "06:10"}}, {On: true, Window: Default, Days: -1}} {
		if err := s.Save(dir); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(dir); got != nil || Load(dir) != nil || finding.IDOf(err) != "auto-upgrade-unreadable" {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// What the owner chooses while a backup is made counts, and so does the time that it took.
func TestMeanwhile(t *testing.T) {
	t.Parallel()
	for name, during := range map[string]func(*world, *State){
		"held":        func(_ *world, s *State) { s.Hold = true },
		"off":         func(_ *world, s *State) { s.On = false },
		"skipped":     func(_ *world, s *State) { s.SkipOver("2.0.3.0") },
		"too late":    func(w *world, _ *State) { w.now = w.now.Add(70 * time.Minute) },
		"a day later": func(w *world, _ *State) { w.now = w.now.Add(24 * time.Hour) },
	} {
		w, dir := due(t)
		var chosen *State
		w.during = func() {
			chosen = Load(dir)
			during(w, chosen)
			if err := chosen.Choose(dir); err != nil {
				t.Error(err)
			}
		}
		if _, err := w.runner(dir).Run(t.Context()); err != nil || !slices.Equal(w.did, []string{"Sat 06:30 backup"}) {
			t.Errorf("%s: %q, %v", name, w.did, err)
		}
		if s := Load(dir); s.Hold != chosen.Hold || s.On != chosen.On || !slices.Equal(s.Skip, chosen.Skip) || s.Last == "" {
			t.Errorf("%s: %+v", name, s)
		}
	}
	// Also while the new release is watched.
	w, dir := due(t)
	w.silent = mayMiss
	r := w.runner(dir)
	r.Sleep = func(context.Context, time.Duration) error {
		return (&State{On: true, Hold: true, Window: Default}).Choose(dir)
	}
	if _, err := r.Run(t.Context()); finding.KindOf(err) != finding.RolledBack || !Load(dir).Hold || Load(dir).Failed.Digest != "sha256:b" {
		t.Errorf("%+v, %v", Load(dir), err)
	}
}

// A rollback to what an automatic upgrade pinned follows the tag as before, and so does a
// process that is killed once it has upgraded.
func TestFollowsAfterARollback(t *testing.T) {
	t.Parallel()
	w, dir := due(t)
	w.begun = func() {
		if got := Follows(dir, "o/o@"+w.newest.Digest); got != "o/o:latest" {
			t.Errorf("killed here it would follow %s", got)
		}
	}
	next := func(digest, now string) error {
		t.Helper()
		w.now, w.newest = at(t, now), Release{Digest: digest, Version: "2.0.3.0", Since: at(t, "2026-11-01 00:00")}
		s := Load(dir)
		s.Told = Mark{Digest: digest, At: w.now.Add(-12 * time.Hour)}
		if err := s.Save(dir); err != nil {
			t.Fatal(err)
		}
		_, err := w.runner(dir).Run(t.Context())
		return err
	}
	if err := next("sha256:b", "2026-11-28 06:30"); err != nil {
		t.Fatal(err)
	}
	w.silent = mayMiss
	if err := next("sha256:c", "2026-12-05 06:30"); finding.KindOf(err) != finding.RolledBack || w.runs.Ref != "o/o@sha256:b" {
		t.Fatalf("%s: %v", w.runs.Ref, err)
	}
	if err := next("sha256:d", "2026-12-12 06:30"); err != nil || w.runs.Ref != "o/o@sha256:d" || Load(dir).Follow != "o/o:latest" {
		t.Errorf("%s, %+v: %v", w.runs.Ref, Load(dir), err)
	}
	for _, ref := range []string{"o/o@sha256:b", "o/o@sha256:d"} {
		if got := Follows(dir, ref); got != "o/o:latest" {
			t.Errorf("%s follows %s", ref, got)
		}
	}
}

// What its owner pinned stays, and status says so.
func TestPinnedByItsOwner(t *testing.T) {
	t.Parallel()
	w, dir := due(t)
	w.runs.Ref = "o/o@sha256:a"
	if why, err := w.runner(dir).Run(t.Context()); err != nil || !strings.Contains(why, "pinned") || len(w.did) > 0 {
		t.Errorf("%q, %q, %v", why, w.did, err)
	}
}

// An image whose time is that of every reproducible build is as old as it is known.
func TestAnImageWithoutATime(t *testing.T) {
	t.Parallel()
	w, dir := due(t)
	w.newest.Since = time.Unix(0, 0)
	if why, err := w.runner(dir).Run(t.Context()); err != nil || !strings.Contains(why, "3 days later") || len(w.did) > 0 {
		t.Errorf("%q, %q, %v", why, w.did, err)
	}
}

// The backups of the last three upgrades stay, those of others are not touched.
func TestBackupsOfUpgrades(t *testing.T) {
	t.Parallel()
	w, dir := due(t)
	for n := range 5 {
		w.now = at(t, saturday).AddDate(0, 0, 7*n)
		w.newest = Release{Digest: fmt.Sprintf("sha256:%d", n), Version: "2.0.3.0", Since: at(t, "2026-11-01 00:00"), Security: true}
		if _, err := w.runner(dir).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if s := Load(dir); len(s.Backups) != 3 || len(w.dropped) != 2 || slices.Contains(s.Backups, w.dropped[0]) || !strings.HasSuffix(s.Backups[2], "26T0100") {
		t.Errorf("%q stay, %q went", s.Backups, w.dropped)
	}
	w.now, w.backup = w.now.AddDate(0, 0, 7), errors.New("no room")
	w.newest.Digest = "sha256:x"
	if _, err := w.runner(dir).Run(t.Context()); err == nil || len(w.dropped) != 2 {
		t.Errorf("%v, %q", err, w.dropped)
	}
}

// A release that closes a security hole is installed in the window in which it is found,
// and told before and after.
func TestSecurityAtOnce(t *testing.T) {
	t.Parallel()
	w, dir := due(t)
	w.newest.Digest, w.newest.Security, w.newest.Since = "sha256:s", true, w.now
	if _, err := w.runner(dir).Run(t.Context()); err != nil || Load(dir).Done.Digest != "sha256:s" {
		t.Error(err)
	}
	if want := []string{"Sat 06:30 upgrade-planned", "Sat 06:30 upgraded"}; !slices.Equal(w.messages, want) {
		t.Errorf("%q", w.messages)
	}
}

// Who does not know the time does not know the window.
func TestClockNotSynced(t *testing.T) {
	t.Parallel()
	w, dir := due(t)
	no := false
	r := w.runner(dir)
	r.Synced = func() *bool { return &no }
	if why, err := r.Run(t.Context()); err != nil || !strings.Contains(why, "clock") || len(w.did) > 0 {
		t.Errorf("%q, %q, %v", why, w.did, err)
	}
	r.Synced = func() *bool { return nil }
	if _, err := r.Run(t.Context()); err != nil || Load(dir).Done.Digest != "sha256:b" {
		t.Error(err)
	}
}

// Between windows releases are looked for once a night.
func TestLooksEachNight(t *testing.T) {
	t.Parallel()
	s := &State{On: true, Window: Default, At: at(t, "2026-11-23 02:00")}
	for now, want := range map[string]bool{"2026-11-23 05:00": false, "2026-11-23 23:00": false, "2026-11-24 01:00": true, "2026-11-24 09:30": false, "2026-11-28 06:10": true} {
		if s.IsTime(at(t, now)) != want {
			t.Errorf("%s: %v", now, !want)
		}
	}
}

// openalgo-install is updated in the window alone, where its owner wants that; a failure
// is told once.
func TestUpdateProgram(t *testing.T) {
	t.Parallel()
	w, dir := due(t)
	updates, changed := 0, true
	var fails error
	update := func(_ context.Context, before func(string) error) (bool, error) {
		updates++
		if !changed {
			return false, nil
		}
		if err := before("1.5.0"); err != nil {
			return false, err
		}
		return fails == nil, fails
	}
	try := func(want int) {
		t.Helper()
		err := w.runner(dir).UpdateProgram(t.Context(), update)
		if updates != want || !errors.Is(err, fails) {
			t.Errorf("%d updates, want %d: %v", updates, want, err)
		}
	}
	try(0)
	s := Load(dir)
	s.Self = true
	if err := s.Choose(dir); err != nil {
		t.Fatal(err)
	}
	w.now = at(t, "2026-11-30 10:00") // a Monday
	try(0)
	w.now = at(t, saturday)
	try(1)
	fails = errors.New("the signature is wrong")
	try(2)
	try(3)
	fails, changed = nil, false
	try(4)
	want := []string{"Sat 06:30 program-planned", "Sat 06:30 program-updated", "Sat 06:30 program-planned", "Sat 06:30 program-not-updated"}
	if !slices.Equal(w.messages, want) || Load(dir).SelfProblem != "" {
		t.Errorf("%q, %+v", w.messages, Load(dir))
	}
}
