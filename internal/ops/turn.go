package ops

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/app"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/consent"
	"github.com/marketcalls/openalgo-install/internal/downtime"
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/ports"
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/surplus"
	"github.com/marketcalls/openalgo-install/internal/welcome"
	"github.com/marketcalls/openalgo-install/internal/world"
)

func newTurn(in *Session, c Command) *turn {
	return &turn{Session: in, Command: c, said: map[string]bool{}}
}

// do asks before it takes the lock, so that no other command waits for an answer, and
// asks again where the plan is another one by then.
func (t *turn) do(ctx context.Context) (r event.Result, err error) {
	if t.madeDir, err = settle(ctx, t.Session, t.Command); err != nil {
		return event.Result{}, err
	}
	for range consent.Tries {
		_, p, err := t.plan(ctx)
		if err != nil {
			return event.Result{}, err
		}
		if p.Empty() {
			return t.nothingToDo(ctx, p) // a run with nothing to do writes nothing
		}
		if err := t.ask(ctx, p); err != nil {
			return event.Result{URL: t.url}, err
		}
		if r, err = t.locked(ctx); !errors.Is(err, consent.ErrOther) {
			return r, err
		}
		t.note(err.Error())
	}
	return event.Result{}, consent.ErrOther
}

// ask has a plan agreed to.
func (t *turn) ask(ctx context.Context, p *plan.Plan) (err error) {
	if t.given, err = consent.Ask(t.Confirm, p); err != nil {
		t.given.Tell(t.Report, string(t.dir), p)
	}
	if err != nil && ctx.Err() != nil {
		err = finding.Cancel()
	}
	return err
}

// locked changes the instance under the lock.
func (t *turn) locked(ctx context.Context) (event.Result, error) {
	made, err := t.dir.Create()
	if t.madeDir = t.madeDir || made; err != nil {
		return event.Result{}, finding.Named(finding.HostNotReady, "directory-unwritable", "%w", err)
	}
	run.Failpoint("before-lock")
	held, err := t.dir.Lock(ctx, t.Name, t.note)
	if err != nil {
		return event.Result{}, err
	}
	defer held.Release()
	return t.logged(t.Name, func() (event.Result, error) {
		if t.deletes {
			t.tidy(ctx)
		} else {
			purged, err := finishLeft(ctx, t.Session, t.Command)
			if t.madeDir = t.madeDir || purged; err != nil {
				return event.Result{}, err
			}
		}
		return measured(ctx, t)
	})
}

// plan plans again where somebody took the free ports that it had chosen.
func (t *turn) plan(ctx context.Context) (o *world.Observation, p *plan.Plan, err error) {
	for range 3 {
		auto := false
		o, p, auto, err = t.planOnce(ctx)
		if !errors.Is(err, preflight.ErrPortTaken) || !auto {
			break
		}
	}
	return o, p, err
}

// planOnce looks, asks what is wanted, and decides. auto says that ports may be
// chosen again.
func (t *turn) planOnce(ctx context.Context) (o *world.Observation, p *plan.Plan, auto bool, err error) {
	if o, err = t.seen(ctx, t.see()); err != nil {
		return nil, nil, false, err
	}
	t.knowEnv(o)
	t.see().LookAtMarkets(ctx, o)
	i, err := t.Wish(o)
	for _, text := range i.Notes {
		t.sayOnce(text)
	}
	if err != nil {
		return nil, nil, false, err
	}
	if i.Run != plan.Changed {
		p, err = plan.ForContainer(o, i)
		return o, p, false, err
	}
	t.know(i, o)
	if !i.Resizes() {
		t.url = i.Answers.Origin()
	}
	if err := t.bringNewest(ctx, o, i); err != nil {
		return nil, nil, false, err
	}
	o = plan.Basis(o, i)
	auto = i.Answers.Ports.AutoWeb || i.Answers.Ports.AutoWebSocket
	if !i.Resizes() {
		if err := t.lookFor(ctx, o, &i); err != nil {
			return nil, nil, auto, err
		}
	}
	if p, err = plan.Draft(o, i); err != nil {
		return nil, nil, auto, err
	}
	t.see().Answer(ctx, o, p.Query(o))
	return o, p, auto, p.Finish(o)
}

// lookFor looks at what an intent needs beside what its wish needed, and chooses
// the ports that the answers leave open.
func (t *turn) lookFor(ctx context.Context, o *world.Observation, i *plan.Intent) (err error) {
	seePorts(ctx, t.Session, o, i.Answers)
	if err := ports.Choose(o, &i.Answers); err != nil {
		return err
	}
	if o.Built, err = openSource(ctx, t, *i); err != nil {
		return err
	}
	if i.Answers.Image.Source == "rehearsal" {
		o.TestImage = image.TestRef()
	}
	return seeFor(ctx, t.Session, o, *i)
}

// bringNewest pulls the image that is to be the newest, and gives one that is
// gone back to the name that it is found by.
func (t *turn) bringNewest(ctx context.Context, o *world.Observation, i plan.Intent) error {
	if keep := i.Image.Keep; keep != nil && keep.TagOf != "" {
		return nameAgain(ctx, t, o.State.Project, i.Backup.Manifest.Image.Ref, *keep)
	}
	ref := i.Answers.Image.Ref
	if !i.Image.Newest || !t.pulls || ref == t.pulled {
		return nil
	}
	t.pulled = ref
	before := o.Container().ImageID
	image.KeepTag(ctx, t.Engine, o.State.Project, o.State.ImageRef, before, t.note) // before its tag moves on
	newest, err := t.images().Pull(ctx, ref)
	if err == nil && newest.ID == before {
		t.note("the current image is the newest of " + ref)
	}
	return err
}

// nameAgain gives an image the tag that it is found by.
func nameAgain(ctx context.Context, t *turn, project, was string, keep plan.Kept) error {
	image.KeepTag(ctx, t.Engine, project, was, keep.TagOf, t.note)
	if now, err := t.Engine.Image(ctx, keep.Ref); err == nil && now.ID == keep.TagOf {
		return nil
	}
	return finding.Named(finding.HostNotReady, "image-name", "the previous image, %s, has no name, so Docker Compose cannot find it", was).
		With(finding.Shell("Give the image a name, then roll back", fmt.Sprintf("docker tag %s %s", keep.TagOf, keep.Ref))).Ending(finding.Unchanged)
}

// dropKept drops the tags of images that nothing needs, once one was kept.
func dropKept(ctx context.Context, t *turn) {
	if t.pulled == "" {
		return
	}
	if held, _, busy := t.dir.TryLock(); busy == nil && held != nil {
		s, _ := t.dir.LoadState()
		dropTags(context.WithoutCancel(ctx), t.Session, s.Project)
		held.Release()
	}
}

func (t *turn) nothingToDo(ctx context.Context, p *plan.Plan) (event.Result, error) {
	if p.Intent.Run != plan.Changed {
		return event.Result{Message: plan.Idle(p)}, nil
	}
	t.Report.Report(event.Event{Type: event.TypePlan, Time: time.Now(), Plan: p})
	if p.Intent.Resizes() {
		return event.Result{Message: "nothing to do: the sizing fits " + p.Sizing.Of()}, nil
	}
	of := t.app(t.Report)
	check := checkOf(t.Session, p.Stack, p.Answers)
	check.Proven = downtime.Load(t.dir).Ready
	_, err := of.Await(ctx, check)
	if err == nil && p.Edge != nil {
		err = of.AwaitSite(ctx, p.Edge.State)
	}
	if err != nil {
		return event.Result{}, &finding.Error{Kind: finding.Failed, ID: "not-ready", Err: fmt.Errorf("nothing to change, but OpenAlgo is not ready: %w", err), Log: ready.LogOf(err)}
	}
	return event.Result{URL: p.Answers.Origin(), Message: "nothing to do: OpenAlgo matches your answers and is ready"}, nil
}

// measured changes the instance, keeps how long that took OpenAlgo down, and says
// it at the end.
func measured(ctx context.Context, t *turn) (r event.Result, err error) {
	t.watch = nil
	r, err = t.change(ctx)
	if s, unread := t.dir.LoadState(); err == nil && unread == nil {
		_ = t.see().Keep(s.ImageID) // without it the next run looks into the image
	}
	if t.watch == nil {
		return r, err // nothing was carried out
	}
	m := t.watch.Measured()
	var last *downtime.Last
	if !m.Stopped.IsZero() && m.Again {
		last = &downtime.Last{At: m.Stopped.UTC().Round(0), Command: t.Name, DowntimeMS: m.Down.Milliseconds()}
	}
	keepTimes(ctx, t.Session, m, last)
	if err == nil && t.Name == plan.CommandUpgrade {
		defer func() {
			r.Message += surplus.AfterUpgrade(ctx, t.see(), &run.Tools{Engine: t.Engine, Report: t.Report})
		}()
	}
	if r.Downtime = m.Down; m.Down == 0 {
		return r, err
	}
	down := "OpenAlgo was down for " + downtime.For(m.Down)
	if err != nil {
		t.note(down)
	} else {
		r.Message = strings.TrimSuffix(r.Message, ".") + ". " + down
	}
	return r, err
}

// change plans under the lock, brings the image, and applies.
func (t *turn) change(ctx context.Context) (event.Result, error) {
	o, p, err := t.agreed(ctx)
	if err == nil && p.Empty() {
		result, err := t.nothingToDo(ctx, p)
		result.URL = t.url
		return result, err
	}
	if err == nil && p.Intent.Run != plan.Changed && ctx.Err() == nil {
		return t.act(ctx, t, p)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = finding.Cancel()
		}
		instance.RemoveIfUnused(t.dir, t.madeDir)
		return event.Result{URL: t.url}, err
	}
	if old := o.Container(); old != nil && old.ImageID != p.ImageID && (p.Intent.Upgrades() || p.Intent.Restores()) {
		image.KeepTag(ctx, t.Engine, p.Project, o.State.ImageRef, old.ImageID, t.note)
	}
	if err := t.apply(ctx, p); err != nil {
		return event.Result{URL: t.url}, err
	}
	cleanUp(ctx, t, p, o.Container())
	return t.done(p, o), nil
}

// cleanUp removes images that no rollback needs.
func cleanUp(ctx context.Context, t *turn, p *plan.Plan, old *engine.Container) {
	if p.Built != nil {
		keep := []string{p.ImageID}
		if old != nil {
			keep = append(keep, old.ImageID)
		}
		image.RemoveBuilds(ctx, t.Engine, p.Project, append(keep, image.Needed(ctx, t.Engine, t.dir)...)...)
	}
	dropTags(context.WithoutCancel(ctx), t.Session, p.Project)
}

// agreed is the plan that is carried out, once what it asks is answered and what
// it needs is here.
func (t *turn) agreed(ctx context.Context) (*world.Observation, *plan.Plan, error) {
	o, p, err := t.plan(ctx)
	if err == nil && thaws(ctx, t, o, p) {
		o, p, err = t.plan(ctx)
	}
	if err != nil || p.Empty() {
		return o, p, err
	}
	if !t.given.Covers(p) {
		return o, p, consent.ErrOther
	}
	t.given.Tell(t.Report, string(t.dir), p)
	if p.Stack != nil && p.Change(plan.KindImage, p.Stack.Image) != nil {
		if err := t.images().Bring(ctx, p.WantedImage(), &t.source); err != nil {
			return o, p, err
		}
		// The image's own base of .env is known now, and a market may have opened.
		if o, p, err = t.plan(ctx); err == nil && !t.given.Answers(p) {
			err = consent.ErrOther
		}
		if err != nil {
			return o, p, err
		}
	}
	return o, p, errors.Join(pullEdge(ctx, t.Session, p), openPorts(ctx, t.Session, p))
}

// apply carries a plan out, and commits or rolls back.
func (t *turn) apply(ctx context.Context, p *plan.Plan) error {
	tools := t.tools()
	err := run.Run(ctx, tools, run.Plan{Command: p.Command, Parts: p.Steps, Commit: p.Commit})
	return app.Ended(ctx, t.app(t.Report), tools, err, t.madeDir)
}

// done is how a change ended that went well, and what the user has to do next.
func (t *turn) done(p *plan.Plan, o *world.Observation) event.Result {
	if p.Intent.Resizes() {
		return event.Result{Changed: true, URL: world.URLOf(world.EnvOf(string(t.dir)), *o.Container()),
			Message: "OpenAlgo is ready with its new sizing (" + p.ContainerName() + ")"}
	}
	url, account := p.Answers.Origin(), welcome.Account{}
	if step.NeedsAccount(p.Steps) && !p.Intent.Rehearsal { // what is removed again needs none
		account = welcome.Missing(edge.SetupLink(instance.Glance(t.dir).Edge, string(t.dir)), url, p.Answers.Ports.Bind, p.Answers.Ports.Web)
		if account.Link.Empty() {
			t.note("next: open " + url + " and create your account")
		}
	}
	if b, _ := broker.Of(p.Answers.Broker.Name); !p.Intent.Rehearsal {
		t.note("at " + b.Name + " the redirect URL must be exactly " + b.RedirectURL(url))
	}
	return event.Result{Changed: true, URL: url, Message: "OpenAlgo is ready at " + url, Account: account}
}

// sayOnce says what a wish found, which may be asked several times.
func (t *turn) sayOnce(message string) {
	if !t.said[message] {
		t.said[message] = true
		t.note(message)
	}
}

// openSource finds out what image is built; nil where none is.
func openSource(ctx context.Context, t *turn, i plan.Intent) (*image.Built, error) {
	a := i.Answers.Image
	if i.Image.Keep != nil {
		a.Source = "registry"
	}
	return t.source.Open(ctx, t.Engine, a, t.Report)
}

func checkOf(in *Session, s *compose.Stack, a answers.Answers) ready.Target {
	return ready.Target{Name: s.ContainerName(), Local: in.Engine.Info().Local, TestApp: a.Image.Source == "rehearsal",
		Web: ready.Address(s.Published(openalgo.WebPort)), WebSocket: ready.Address(s.Published(openalgo.WebSocketPort))}
}
