package autoupgrade

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/notify"
)

// OpenAlgo is the instance that is upgraded.
type OpenAlgo interface {
	// Runs is the release that runs, by the reference that is installed.
	Runs(ctx context.Context) (Release, error)
	// Newest is the newest release of a tag, brought here. known is the one of the last
	// look, which need not be brought again.
	Newest(ctx context.Context, ref string, known Release) (Release, error)
	Calendar(ctx context.Context) *calendar.Calendar
	// Backup makes a backup, and fails where that could not be checked.
	Backup(ctx context.Context) (file string, err error)
	// Drop removes a backup of an earlier upgrade.
	Drop(file string)
	// Upgrade upgrades to a digest, and rolls back if that fails.
	Upgrade(ctx context.Context, digest string) (pinned string, err error)
	// Ready reports whether OpenAlgo answers, or why not.
	Ready(ctx context.Context) (bool, string)
	Rollback(ctx context.Context) error
}

// Runner looks what is to be done, and does it.
type Runner struct {
	Dir   instance.Dir
	Name  string
	Of    OpenAlgo
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
	// Synced reports whether the clock can be relied on; nil, or nil from it, is not known.
	Synced func() *bool
	// Tell tells the owner. It keeps what cannot be sent.
	Tell func(context.Context, notify.Message)
}

// Of a release that was installed, how long it is watched, how often it is asked, and
// how many answers in a row may be missing.
const (
	watched   = 15 * time.Minute
	watchStep = 30 * time.Second
	mayMiss   = 4
)

// firstYear is that of OpenAlgo's first image. One that says an earlier time does not say
// when it was made.
const firstYear = 2020

// Run does what is due, and says in one phrase what that was.
func (r *Runner) Run(ctx context.Context) (string, error) {
	s := Load(r.Dir)
	if s == nil || !s.On {
		return "automatic upgrades are off", nil
	}
	if begin := r.Now(); !s.IsTime(begin) {
		from, _ := s.Window.Next(begin)
		return "nothing to do before " + day(from), nil
	}
	runs, newest, err := r.look(ctx, s)
	if err != nil {
		return "", r.notBegun(ctx, s, err)
	}
	now, d := r.decide(ctx, s, runs, newest)
	switch d.Do {
	case Notice:
		s.Told, s.Problem = Mark{Digest: newest.Digest, At: now}, ""
		r.tell(ctx, notify.Info, "upgrade-planned", d.Why, r.before(runs), "upgrade", "--hold")
	case Refuse:
		s.Refused = newest.Digest
		r.tell(ctx, notify.Warning, "upgrade-by-hand", d.Why, "It is not installed automatically. Read its release notes, then upgrade at a quiet time", "upgrade")
	case Upgrade:
		return r.upgrade(ctx, s, runs, newest)
	case Wait:
	}
	return d.Why, r.save(s)
}

// decide decides by the owner's present choice and the present time, since a pull and a
// backup take a while.
func (r *Runner) decide(ctx context.Context, s *State, runs, newest Release) (time.Time, Decision) {
	s.choose(Load(r.Dir))
	now := r.Now()
	d := Decide(now, s, runs, newest, r.Of.Calendar(ctx))
	if synced := r.Synced; d.Do == Upgrade && synced != nil {
		if yes := synced(); yes != nil && !*yes { // the window may be another time than it seems
			d = Decision{Wait, "the clock of this machine follows no time server, so it is not known whether this is the window"}
		}
	}
	s.Last, s.At = d.Why, now
	return now, d
}

// save keeps what a run found out. What its owner chose meanwhile stays.
func (r *Runner) save(s *State) error {
	s.choose(Load(r.Dir))
	return s.Save(r.Dir)
}

// look finds the release that runs and the newest one.
func (r *Runner) look(ctx context.Context, s *State) (runs, newest Release, err error) {
	if runs, err = r.Of.Runs(ctx); err != nil {
		return runs, newest, err
	}
	if !s.isPinned(runs.Ref) {
		s.Follow = runs.Ref
	}
	if isFixed(s.Follow) {
		return runs, Release{Ref: s.Follow}, nil
	}
	if newest, err = r.Of.Newest(ctx, s.Follow, s.Seen); err != nil {
		return runs, newest, err
	}
	if newest.Since.Year() < firstYear || newest.Since.After(r.Now()) {
		newest.Since = r.Now() // its image does not say
	}
	s.Seen = newest
	return runs, newest, nil
}

func (r *Runner) before(runs Release) string {
	return fmt.Sprintf("%s runs now. A backup is made first. If the new release does not start, openalgo-install returns to the present one", runs.name())
}

// upgrade makes a backup, upgrades, and watches.
func (r *Runner) upgrade(ctx context.Context, s *State, runs, newest Release) (string, error) {
	if s.Told.Digest != newest.Digest { // one that closes a security hole waits for no evening
		s.Told = Mark{Digest: newest.Digest, At: r.Now()}
		r.tell(ctx, notify.Info, "upgrade-planned", newest.name()+" closes a security hole, and is installed now", r.before(runs), "upgrade", "--hold")
	}
	file, err := r.Of.Backup(ctx)
	if err != nil {
		return "", r.notBegun(ctx, s, fmt.Errorf("the backup before the upgrade: %w", err))
	}
	old := s.made(file)
	if err := r.save(s); err != nil {
		return "", err
	}
	for _, file := range old {
		r.Of.Drop(file)
	}
	if _, d := r.decide(ctx, s, runs, newest); d.Do != Upgrade {
		return d.Why, r.save(s)
	}
	// Before: who is killed after it would take what was pinned for what the owner chose.
	s.pin(spec.RepositoryOf(newest.Ref) + "@" + newest.Digest)
	if err := r.save(s); err != nil {
		return "", err
	}
	pinned, err := r.Of.Upgrade(ctx, newest.Digest)
	kind := finding.KindOf(err)
	switch {
	case err == nil:
	case kind == finding.RolledBack || kind == finding.Broken:
		return "", r.failed(ctx, s, runs, newest, err)
	default:
		return "", r.notBegun(ctx, s, err)
	}
	s.pin(pinned)
	s.Done, s.Problem = Mark{Digest: newest.Digest, At: r.Now()}, ""
	s.Last = newest.name() + " was installed"
	if err := r.save(s); err != nil {
		return "", err
	}
	if why := r.watch(ctx); why != "" {
		if undone := r.Of.Rollback(ctx); undone != nil {
			return "", r.failed(ctx, s, runs, newest, finding.Named(finding.Broken, "auto-upgrade-broken", "the new release started and then did not answer (%s). Rolling back failed: %w", why, undone))
		}
		return "", r.failed(ctx, s, runs, newest, finding.Named(finding.RolledBack, "auto-upgrade-failed", "the new release started and then did not answer (%s), so it was rolled back", why))
	}
	r.tell(ctx, notify.Info, "upgraded", newest.name()+" was installed and is ready", runs.name()+" ran before. You can return to it, together with its data", "rollback")
	return s.Last, nil
}

// watch asks a new release for a while, and says why it does not answer; "" where it does.
func (r *Runner) watch(ctx context.Context) string {
	missed := 0
	for range watched / watchStep {
		if r.Sleep(ctx, watchStep) != nil {
			return "" // what watches is ended, and OpenAlgo goes on
		}
		ready, why := r.Of.Ready(ctx)
		if missed++; ready {
			missed = 0
		}
		if missed >= mayMiss {
			return why
		}
	}
	return ""
}

// failed keeps that a release failed, so that it is not tried again, and tells it.
func (r *Runner) failed(ctx context.Context, s *State, runs, newest Release, err error) error {
	text := finding.Prompt{Dir: string(r.Dir), Sudo: true}.Text(err)
	s.Failed = Mark{Digest: newest.Digest, At: r.Now(), Why: text}
	s.Last = newest.name() + " failed. The next try is with a newer release"
	if finding.KindOf(err) == finding.RolledBack {
		r.tell(ctx, notify.Problem, "upgrade-failed", newest.name()+" failed and was rolled back", runs.name()+" runs as before. The failed release is not tried again. "+text, "logs")
	} else {
		r.tell(ctx, notify.Problem, "upgrade-failed", newest.name()+" failed, and rolling back failed too", text, "start")
	}
	return errors.Join(err, r.save(s))
}

// notBegun keeps and tells, once, that an upgrade could not begin. It is tried again.
func (r *Runner) notBegun(ctx context.Context, s *State, err error) error {
	text := err.Error()
	if ctx.Err() != nil {
		return err
	}
	if s.Problem != text {
		s.Problem = text
		r.tell(ctx, notify.Warning, "upgrade-not-begun", "the automatic upgrade could not begin", text+". It is tried again in the window", "doctor")
	}
	s.Last, s.At = "the last try did not begin: "+text, r.Now()
	return errors.Join(err, r.save(s))
}

func (r *Runner) tell(ctx context.Context, severity notify.Severity, event, title, text string, command ...string) {
	r.Tell(ctx, notify.Message{Event: event, Instance: r.Name, Title: title, Text: text, Severity: severity, At: r.Now(),
		Command: finding.Prompt{Dir: string(r.Dir), Sudo: true}.Command(command...)})
}
