package cli

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/autoupgrade"
	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/calendar/kept"
	"github.com/marketcalls/openalgo-install/internal/clock"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/hoststate"
	"github.com/marketcalls/openalgo-install/internal/image"
	imagespec "github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// othersTime is how long an upgrade waits for that of another instance.
const othersTime = time.Hour

// runDue does what is due of the upgrades in a window. Instances of one machine go one
// after the other.
func runDue(ctx context.Context, a *app, s *ops.Session, out event.Reporter) (string, error) {
	state, err := autoupgrade.Read(s.Dir())
	if err != nil {
		return "", err // the timer stays: watch and doctor report it
	}
	if state == nil || !state.On {
		_, err := later.RemoveUpgrades(ctx, string(s.Dir())) // the instance is gone, or was moved
		return "automatic upgrades are off", err
	}
	if !state.IsTime(clock.Now()) {
		return "nothing to do now: " + state.Text(), nil
	}
	free, err := hoststate.In(hoststate.Dir()).Lock(ctx, "auto-upgrade", othersTime)
	if err != nil {
		return "", err
	}
	defer free()
	n := notify.New(version)
	of := &upgraded{app: a, session: s, out: out}
	r := &autoupgrade.Runner{Dir: s.Dir(), Of: of, Now: clock.Now, Sleep: clock.Sleep, Synced: clock.Synced,
		Tell: func(ctx context.Context, m notify.Message) {
			if err := n.Send(context.WithoutCancel(ctx), m); err != nil {
				event.Note(out, "the message could not be sent: "+err.Error())
			}
		}}
	if o, err := s.Look(ctx); err == nil {
		r.Name = o.Project
		b, _ := broker.Find(settings.BrokerOf(o.Env))
		of.crypto = b.Kind == broker.Crypto
		n.Hide(settings.Redactor(answers.Answers{}, o.Env))
	}
	message, err := r.Run(ctx)
	if err != nil {
		return message, err
	}
	return message, r.UpdateProgram(ctx, func(ctx context.Context, before func(string) error) (bool, error) {
		result, err := selfUpdate(ctx, out, "", before)
		return result.Changed, updateError(ctx, err)
	})
}

// upgraded is the instance of a session, as upgrades in a window need it.
type upgraded struct {
	*app
	session *ops.Session
	out     event.Reporter
	crypto  bool // its market never closes
}

func (u *upgraded) looker() *world.Looker {
	return &world.Looker{Engine: u.session.Engine, Dir: u.session.Dir(), Machine: u.session.Machine}
}

func (u *upgraded) Runs(ctx context.Context) (autoupgrade.Release, error) {
	o, err := u.session.Look(ctx)
	if err != nil {
		return autoupgrade.Release{}, err
	}
	c, err := guard.Present(o)
	if err != nil {
		return autoupgrade.Release{}, err
	}
	i, err := u.session.Engine.Image(ctx, c.ImageID)
	if err != nil {
		return autoupgrade.Release{}, fmt.Errorf("look at the current image: %w", err)
	}
	r := autoupgrade.Release{Ref: o.State.ImageRef, Digest: cmp.Or(i.DigestIn(o.State.ImageRef), i.ID)}
	r.Version, _ = u.versions(ctx, o, i)
	return r, nil
}

// versions are OpenAlgo's own, of the image that runs and of another one.
func (u *upgraded) versions(ctx context.Context, o *world.Observation, i engine.Image) (runs, other string) {
	c := o.Container()
	if i.ID == c.ImageID {
		web := ready.Version(ctx, ready.Address(c.Published(openalgo.WebPort)))
		return web, web
	}
	o.Image = &i
	u.looker().LookAtRelease(ctx, o, true, false)
	if o.Runs != nil {
		runs = o.Runs.Version
	}
	return runs, o.ImageVersion
}

// Newest pulls the newest image by its digest: what is told is what is installed.
func (u *upgraded) Newest(ctx context.Context, ref string, known autoupgrade.Release) (autoupgrade.Release, error) {
	digest, err := u.session.Engine.RemoteDigest(ctx, ref)
	if err != nil {
		return autoupgrade.Release{}, fmt.Errorf("asking the registry for %s: %w", ref, err)
	}
	if digest == known.Digest && known.Ref == ref {
		return known, nil
	}
	o, err := u.session.Look(ctx)
	if err != nil {
		return autoupgrade.Release{}, err
	}
	c, err := guard.Present(o)
	if err != nil {
		return autoupgrade.Release{}, err
	}
	bringer := image.Bringer{Engine: u.session.Engine, Report: u.out, Clean: func(line string) string { return ready.Line(nil, line) }}
	i, err := bringer.Pull(ctx, imagespec.RepositoryOf(ref)+"@"+digest)
	if err != nil {
		return autoupgrade.Release{}, err
	}
	r := autoupgrade.Release{Ref: ref, Digest: digest, Since: i.Created,
		Security: i.Labels[autoupgrade.LabelSecurity] != "", Breaking: i.Labels[autoupgrade.LabelBreaking] != ""}
	if i.ID == c.ImageID {
		return r, nil
	}
	_, r.Version = u.versions(ctx, o, i)
	return r, nil
}

// Calendar asks the container: nobody may have used another command for weeks.
func (u *upgraded) Calendar(ctx context.Context) *calendar.Calendar {
	o, err := u.session.Look(ctx)
	if err != nil {
		return kept.Load(u.session.Dir())
	}
	return kept.Of(ctx, u.session.Engine, o.Dir, o.Container(), o.Env, clock.Now())
}

// Backup makes a backup that counts: one whose databases were checked.
func (u *upgraded) Backup(ctx context.Context) (string, error) {
	u.unwatched()
	made, err := u.session.Do(ctx, ops.Backup(ops.BackupOptions{}))
	if err != nil {
		return "", err
	}
	if made.Unchecked != "" {
		return "", finding.Named(finding.HostNotReady, "backup-unchecked", "its databases could not be checked: %s", made.Unchecked)
	}
	return made.Backup, nil
}

// Drop removes a backup of an earlier upgrade.
func (u *upgraded) Drop(file string) {
	if err := backup.RemoveOwn(u.session.Dir(), file); err == nil {
		event.Note(u.out, "removed the older backup "+file)
	}
}

func (u *upgraded) Upgrade(ctx context.Context, digest string) (string, error) {
	u.unwatched()
	if _, err := u.session.Do(ctx, ops.Upgrade(digest)); err != nil {
		return "", err
	}
	s, err := u.session.Dir().LoadState()
	return s.ImageRef, err
}

// unwatched has every question refused: a market that opened, an older image. Where the
// market never closes, the window that its owner chose is the answer.
func (u *upgraded) unwatched() { u.follow(u.session, changeOptions{now: u.crypto}) }

func (u *upgraded) Ready(ctx context.Context) (bool, string) {
	o, err := u.session.Look(ctx)
	if err != nil {
		return false, err.Error()
	}
	c := o.Container()
	if c == nil {
		return false, "it has no container"
	}
	now := (&ready.Prober{Engine: u.session.Engine}).Now(ctx, *c)
	return now.Ready, now.Reason
}

// Rollback asks nothing: the window is the answer.
func (u *upgraded) Rollback(ctx context.Context) error {
	u.session.Confirm = nil
	_, err := u.session.Do(ctx, ops.Rollback())
	return err
}
