// Package ops says what each command wants, and leads every run: lock,
// recover, look, wish, plan, ask, bring the image, carry out. The parts are in
// world, plan, image, step and run.
package ops

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// cleanupTime bounds what is still done after a run was cancelled.
const cleanupTime = 2 * time.Minute

// Session works on the instance in one directory.
type Session struct {
	Engine  *engine.Engine
	Machine sizing.Machine // whose RAM and cores count
	Report  event.Reporter
	// Wait is how long the stack may take to answer; 0 is a fitting default.
	Wait time.Duration
	// Resolver looks domains up; nil is the system's.
	Resolver host.Resolver
	// Confirm is asked what a plan of Reconfigure asks; its error ends the run.
	Confirm func(*plan.Plan) error

	dir    instance.Dir
	redact *secret.Redactor
	source image.Source
	said   map[string]bool // by sayOnce
	looker *world.Looker
}

// New returns an Session for the instance in dir.
func New(dir string, e *engine.Engine, machine sizing.Machine, report event.Reporter) (*Session, error) {
	d, err := instance.Open(dir)
	if err != nil {
		return nil, err
	}
	return &Session{Engine: e, Machine: machine, Report: event.Printable(report), dir: d}, nil
}

// Plan works out what Install would do, and changes nothing.
func (in *Session) Plan(ctx context.Context, a answers.Answers, instances int) (*plan.Plan, error) {
	defer in.source.Close()
	return in.planWish(ctx, func(context.Context) (plan.Intent, error) { return plan.AsAnswered(a, instances), nil })
}

// plan plans again where somebody took the free ports that it had chosen.
func (in *Session) plan(ctx context.Context, i plan.Intent) (o *observed, p *plan.Plan, err error) {
	for range portTries {
		o, p, err = in.planOnce(ctx, i)
		if ports := i.Answers.Ports; !errors.Is(err, plan.ErrPortTaken) || !ports.AutoWeb && !ports.AutoWebSocket {
			break
		}
	}
	return o, p, err
}

// portTries is how often free ports are chosen.
const portTries = 3

func (in *Session) planOnce(ctx context.Context, i plan.Intent) (*observed, *plan.Plan, error) {
	o, err := in.observeFor(ctx, i)
	if err != nil {
		return nil, nil, err
	}
	o = plan.Basis(o, i)
	in.know(i.Answers, o)
	in.seePorts(ctx, o, i.Answers)
	if err := plan.ChoosePorts(o, &i.Answers); err != nil {
		return nil, nil, err
	}
	if o.Built, err = in.openSource(ctx, i); err != nil {
		return nil, nil, err
	}
	if i.Answers.Image.Source == "rehearsal" {
		o.TestImage = image.TestRef()
	}
	if err := in.seeFor(ctx, o, i); err != nil {
		return nil, nil, err
	}
	p, err := plan.Draft(o, i)
	if err != nil {
		return nil, nil, err
	}
	in.see().Answer(ctx, o, p.Query(o))
	return o, p, p.Finish(o)
}

// know makes the secrets of answers and .env unprintable for this run.
func (in *Session) know(a answers.Answers, o *observed) {
	in.redact = redactor(a, o.Env)
}

// knowEnv does the same where there are no answers.
func (in *Session) knowEnv(o *observed) {
	if in.redact == nil {
		in.redact = redactor(answers.Answers{}, o.Env)
	}
}

// Install makes the stack what the answers say. Nothing to do is a success.
// instances share the machine in the end; 0 counts those that run.
func (in *Session) Install(ctx context.Context, a answers.Answers, instances int) (event.Result, error) {
	return in.install(ctx, plan.AsAnswered(a, instances))
}

func (in *Session) install(ctx context.Context, i plan.Intent) (event.Result, error) {
	return in.carryOut(ctx, plan.CommandInstall, func(context.Context) (plan.Intent, error) { return i, nil })
}

// InstallSaved is Install with the answers that the last install left in the
// directory, as they stand once no other run is under way.
func (in *Session) InstallSaved(ctx context.Context) (event.Result, error) {
	name := in.dir.Path(instance.AnswersName)
	return in.carryOut(ctx, plan.CommandInstall, func(context.Context) (plan.Intent, error) {
		a, problems, ok := SavedAnswers(string(in.dir), name)
		switch {
		case !ok:
			return plan.Intent{}, finding.Errorf(finding.Usage, "%s cannot be read any more", name)
		case len(problems) > 0:
			return plan.Intent{}, &finding.Error{Kind: finding.Usage, Err: &answers.Invalid{Problems: problems}}
		}
		return plan.AsAnswered(a, 0), nil
	})
}

// carryOut does what a wish says: it finishes or undoes what a killed run left,
// then plans and applies under the lock.
func (in *Session) carryOut(ctx context.Context, command string, w wish) (event.Result, error) {
	defer in.source.Close()
	result := event.Result{}
	held, err := in.takeOver(ctx)
	if err != nil {
		return result, err
	}
	if held == nil {
		// Looking needs no lock, and a run with nothing to do writes nothing.
		p, err := in.planWish(ctx, w)
		if err != nil {
			return result, err
		}
		if p.Empty() {
			return in.nothingToDo(ctx, p, result)
		}
	}
	madeDir, err := in.dir.Create()
	if err != nil {
		return result, finding.Errorf(finding.HostNotReady, "%w", err)
	}
	if held == nil {
		run.Failpoint("before-lock")
		if held, err = in.dir.Lock(ctx, in.note); err != nil {
			return result, err
		}
	}
	defer held.Release()
	return in.logged(command, func() (event.Result, error) {
		if err := in.recoverFor(ctx, command); err != nil {
			return result, err
		}
		return in.change(ctx, w, madeDir)
	})
}

// takeOver returns the lock when an unfinished run left a journal, or when
// another run was under way and has ended; nil when all is quiet.
func (in *Session) takeOver(ctx context.Context) (*instance.Lock, error) {
	if !in.dir.WasLocked() && !in.dir.HasJournal() {
		return nil, nil // nobody was ever here
	}
	held, _, err := in.dir.TryLock()
	if err != nil {
		return nil, finding.Errorf(finding.HostNotReady, "%w", err)
	}
	if held == nil {
		return in.dir.Lock(ctx, in.note)
	}
	j, err := readJournal(in.dir)
	if err == nil && j != nil {
		held.Sign()
		return held, nil
	}
	if err == nil {
		in.tidy(ctx)
	}
	held.Release()
	return nil, err
}

func (in *Session) nothingToDo(ctx context.Context, p *plan.Plan, result event.Result) (event.Result, error) {
	in.Report.Report(event.Event{Type: event.TypePlan, Time: time.Now(), Plan: p})
	_, err := in.verify(ctx, in.checkOf(p.Stack, p.Answers))
	if err == nil && p.Edge != nil {
		err = in.verifyEdge(ctx, p.Edge.State)
	}
	if err != nil {
		return result, &finding.Error{Kind: finding.Failed, Err: fmt.Errorf("nothing to change, but the stack is not ready: %w", err), Log: ready.LogOf(err)}
	}
	result.URL = p.Answers.Origin()
	result.Message = "nothing to do: OpenAlgo runs as the answers say, and is ready"
	return result, nil
}

// change plans under the lock, brings the image, and applies.
func (in *Session) change(ctx context.Context, w wish, madeDir bool) (event.Result, error) {
	result := event.Result{}
	unused := func(err error) (event.Result, error) {
		if ctx.Err() != nil {
			err = finding.Cancel()
		}
		in.dir.RemoveIfUnused(madeDir)
		return result, err
	}
	i, err := w(ctx)
	if err != nil {
		return unused(err)
	}
	result.URL = i.Answers.Origin()
	o, p, err := in.plan(ctx, i)
	if err != nil {
		return unused(err)
	}
	if p.Empty() {
		return in.nothingToDo(ctx, p, result)
	}
	in.Report.Report(event.Event{Type: event.TypePlan, Time: time.Now(), Plan: p})
	for _, text := range p.Warnings {
		in.Report.Report(event.Event{Type: event.TypeWarning, Time: time.Now(), Message: text})
	}
	if err := in.confirm(p); err != nil {
		return unused(err)
	}
	if c := p.Change(plan.KindImage, p.Stack.Image); c != nil {
		if err := in.images().Bring(ctx, p.WantedImage()); err != nil {
			return unused(err)
		}
		// The image's own base of .env is known now.
		if i, err = w(ctx); err != nil {
			return unused(err)
		}
		if o, p, err = in.plan(ctx, i); err != nil {
			return unused(err)
		}
	}
	if err := errors.Join(in.pullEdge(ctx, p), in.openPorts(ctx, p)); err != nil {
		return unused(err)
	}
	r := newChanges(in, o, p, madeDir)
	r.countBefore(ctx)
	r.noteBroken(ctx)
	if old := r.old; old != nil && old.ImageID != p.ImageID && (i.Upgrades() || i.Restores()) {
		in.keepImageTag(ctx, p.Project, o.State.ImageRef, old.ImageID)
	}
	if i.Adopts() {
		if err := r.adopted(ctx); err != nil {
			return unused(err)
		}
	}
	if err := r.apply(ctx); err != nil {
		return result, err
	}
	if p.Built != nil {
		keep := []string{p.ImageID}
		if r.old != nil {
			keep = append(keep, r.old.ImageID)
		}
		image.RemoveBuilds(ctx, in.Engine, p.Project, append(keep, in.neededImages(ctx)...)...)
	}
	in.dropImageTags(context.WithoutCancel(ctx), p.Project)
	in.noteNext(p, r.hasAccount())
	return event.Result{Changed: true, URL: p.Answers.Origin(), Message: "OpenAlgo is ready at " + p.Answers.Origin()}, nil
}

// noteNext says what the user has to do once OpenAlgo is ready.
func (in *Session) noteNext(p *plan.Plan, hasAccount bool) {
	url := p.Answers.Origin()
	if !hasAccount {
		in.note("next: open " + url + " and create your account")
	}
	if b, ok := broker.Find(p.Answers.Broker.Name); ok {
		in.note("at " + b.Name + " the redirect URL must be exactly " + b.RedirectURL(url))
	}
}

// Note reports a sentence as a part of the run.
func (in *Session) Note(message string) { in.note(message) }

// sayOnce is note for a wish, which may be asked several times.
func (in *Session) sayOnce(message string) {
	if in.said == nil {
		in.said = map[string]bool{}
	}
	if !in.said[message] {
		in.said[message] = true
		in.note(message)
	}
}

func (in *Session) note(message string) {
	in.Report.Report(event.Event{Type: event.TypeNote, Time: time.Now(), Message: message})
}
