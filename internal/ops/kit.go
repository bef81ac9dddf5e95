package ops

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/app"
	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/clock"
	"github.com/marketcalls/openalgo-install/internal/drill"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/freeze"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/meter"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// kit is what a session works with, and what each command asks of it.
type kit struct {
	Engine  Docker
	Machine sizing.Machine // whose RAM and cores count
	Report  event.Reporter
	// Wait is how long the stack may take to answer; 0 is a fitting default.
	Wait time.Duration
	// Guard watches over a container that is frozen; nil: none is.
	Guard freeze.Guard
	// Resolver looks domains up; nil is the system's.
	Resolver host.Resolver

	dir    instance.Dir
	redact *secret.Redactor
	looker *world.Looker
	watch  *run.Stopwatch // of the last run
}

// logged does what a command does, and keeps it in the instance's log.
func (in *kit) logged(command string, do func() (event.Result, error)) (event.Result, error) {
	outer := in.Report
	defer func() { in.Report = outer }()
	return in.dir.Log(command, func(line string) string { return in.redact.Redact(line) }, outer, func(logged event.Reporter) (event.Result, error) {
		in.Report = logged
		return do()
	})
}

// tools are those that steps of this instance work with.
func (in *kit) tools() *run.Tools {
	in.watch = &run.Stopwatch{}
	watch := in.watch
	report := event.ReporterFunc(func(e event.Event) {
		watch.Saw(e)
		in.Report.Report(e)
	})
	return watch.Watch(&run.Tools{Engine: in.Engine, App: in.app(report), Dir: in.dir, Report: report, UndoLimit: in.undoLimit()})
}

// app is the OpenAlgo of this instance.
func (in *kit) app(report event.Reporter) *app.App {
	return &app.App{Engine: in.Engine, Dir: in.dir, Report: report, Redact: in.redact, Wait: in.Wait}
}

func (in *kit) acrossRestart(ctx context.Context, do func(context.Context) error) error {
	return (&run.Tools{Engine: in.Engine, Report: in.Report}).AcrossRestart(ctx, do)
}

// undoLimit bounds the undo of one step, the start of what ran before included.
func (in *kit) undoLimit() time.Duration { return cleanupTime + max(in.Wait, ready.LongestStart) }

// asks asks the OpenAlgo in a container once.
func (in *kit) asks(ctx context.Context, c engine.Container) (needsSetup bool, err error) {
	p := &ready.Prober{Engine: in.Engine, Report: in.Report, Redact: in.redact, Wait: in.Wait}
	return p.Ask(ctx, p.TargetOf(c))
}

// withoutSecrets is a line of a log, fit to be shown.
func (in *kit) withoutSecrets(line string) string { return ready.Line(in.redact, line) }

func (in *kit) warn(w *finding.Error) { event.Warn(in.Report, string(in.dir), w) }

// tidy removes what a killed run left that no journal names: helper containers,
// temporary files, an unfinished backup and an editor's copy of .env. Every run
// that takes the lock calls it, whatever the run does.
func (in *kit) tidy(ctx context.Context) {
	instance.Tidy(in.dir)
	host.SweepTemp(time.Now())
	helper.RemoveLeft(ctx, in.Engine, string(in.dir))
	backup.Tidy(in.dir)
	_, _ = drill.Sweep(ctx, in.Engine, in.dir) // one that runs goes on
}

func (in *kit) images() image.Bringer {
	return image.Bringer{Engine: in.Engine, Report: in.Report, Clean: in.withoutSecrets}
}

// know makes the secrets of answers and .env unprintable for this run, and those of a
// backup that OpenAlgo is started with.
func (in *kit) know(i plan.Intent, o *world.Observation) {
	in.redact = settings.Redactor(i.Answers, o.Env)
	if i.Backup != nil {
		in.redact = in.redact.With(settings.Redactor(answers.Answers{}, i.Backup.Env))
	}
}

// knowEnv does the same where there are no answers.
func (in *kit) knowEnv(o *world.Observation) {
	if in.redact == nil {
		in.redact = settings.Redactor(answers.Answers{}, o.Env)
	}
}

func (in *kit) note(message string) {
	in.Report.Report(event.Event{Type: event.TypeNote, Time: time.Now(), Message: message})
}

// timed does something as a step, and reports how far it is.
func timed(ctx context.Context, in *Session, step, title string, do func(context.Context) error) error {
	end := event.Begin(in.Report, step, title)
	err := meter.Do(ctx, in.Report, step, "", do)
	end(err)
	return err
}

// see is what looks at this instance.
func (in *kit) see() *world.Looker {
	if in.looker == nil || in.looker.Dir != in.dir || in.looker.Engine != in.Engine {
		in.looker = &world.Looker{Engine: in.Engine, Dir: in.dir, Machine: in.Machine, Resolver: in.Resolver, Now: clock.Now}
	}
	return in.looker
}

func (in *kit) observe(ctx context.Context) (*world.Observation, error) {
	return in.see().Look(ctx, false)
}

// cleanupTime bounds what is still done after a run was cancelled.
const cleanupTime = 2 * time.Minute

// Session works on the instance in one directory.
type Session struct {
	kit
	// Confirm is asked about a plan, and what it asks; its error ends the run. shown
	// says that a person has read the plan.
	Confirm func(*plan.Plan) (shown bool, err error)
}

// New returns a Session for the instance in dir.
func New(dir string, e Docker, machine sizing.Machine, report event.Reporter) (*Session, error) {
	d, err := instance.Open(dir)
	if err != nil {
		return nil, err
	}
	return &Session{kit: kit{Engine: e, Machine: machine, Report: event.Printable(report), dir: d}}, nil
}
