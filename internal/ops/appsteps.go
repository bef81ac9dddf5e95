package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine/helper"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/leftovers"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step"
	_ "github.com/marketcalls/openalgo-install/internal/step/journal1" // reads journals of releases before 2
)

// app is what steps ask of OpenAlgo itself.
type app struct{ in *Session }

// tools are those that steps of this instance work with.
func (in *Session) tools() *run.Tools {
	report := event.ReporterFunc(func(e event.Event) { in.Report.Report(e) })
	return &run.Tools{Engine: in.Engine, App: app{in}, Dir: in.dir, Report: report, UndoLimit: in.undoLimit()}
}

// Ready waits until OpenAlgo is ready in a container.
func (a app) Ready(ctx context.Context, container string, setupDone, before bool) (needsSetup bool, err error) {
	c, err := a.in.checkOfID(ctx, container)
	if err != nil {
		return false, err
	}
	c.SetupDone, c.Before = setupDone, before
	return a.in.prober().Await(ctx, c)
}

// Asks asks OpenAlgo in a container once.
func (a app) Asks(ctx context.Context, container string) (needsSetup bool, err error) {
	c, err := a.in.checkOfID(ctx, container)
	if err != nil {
		return false, err
	}
	return a.in.prober().Ask(ctx, c)
}

// CountSecrets counts the stored secrets that open.
func (a app) CountSecrets(ctx context.Context, container string) (run.Secrets, error) {
	return a.in.countSecrets(ctx, container)
}

// Serves checks stored secrets, HTTPS and remote MCP. OpenAlgo that answers without its HTTPS
// after an interrupted run is no reason for an undo: it is in use, and its data
// has new rows.
func (a app) Serves(ctx context.Context, v run.Verification, resumed bool) error {
	if err := a.in.verifySecrets(ctx, v); err != nil {
		return err
	}
	if resumed {
		a.in.warnEdge(ctx, instance.Edge(v.Site))
		return nil
	}
	if err := a.in.verifyEdge(ctx, v.Site); err != nil || !v.MCP {
		return err
	}
	c, err := a.in.checkOfID(ctx, v.Container)
	if err != nil {
		return err
	}
	return askMCP(ctx, v.Site, c.Web)
}

// warnEdge says that OpenAlgo answers and its HTTPS proxy does not.
func (in *Session) warnEdge(ctx context.Context, s instance.Edge) {
	if err := in.verifyEdge(ctx, s); err != nil && ctx.Err() == nil {
		in.warn(fmt.Sprintf("https://%s is not served: %v. To set it up again: %s", s.Domain, err, finding.Command(in.dir, "domain", s.Domain)))
	}
}

// Remember writes state.json, with the keys that the verified stack runs with.
func (a app) Remember(ctx context.Context, text json.RawMessage, needsSetup *bool) error {
	var s instance.State
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	if needsSetup != nil {
		s.SetupDone = !*needsSetup
	}
	if env, err := a.in.readEnv(ctx); err == nil && env != nil {
		if file, err := envfile.Parse(env); err == nil {
			s.RememberKeys(file)
		}
	}
	return a.in.dir.SaveState(s)
}

// Remain marks the keys that an undone first install leaves as its own.
func (a app) Remain(_ context.Context, project string) {
	if s, err := a.in.dir.LoadState(); err == nil && s.Project == "" {
		s.Began = project
		_ = a.in.dir.SaveState(s) // without it the next run asks, which is safe
	}
}

// Front opens what serves HTTPS.
func (a app) Front(ctx context.Context, site run.Site) (run.Front, error) {
	return a.in.openFront(ctx, instance.Edge(site))
}

// RemoveLeftovers moves away what is still recognised as another installer's.
func (a app) RemoveLeftovers(ctx context.Context, l run.Leftovers) error {
	traces := leftovers.Traces{Dir: string(a.in.dir), Domain: l.Domain, Web: l.Web}
	return leftovers.Remove(ctx, traces.Still("/", l.Paths), a.in.dir.KeptPath("leftovers"), a.in.note)
}

// EndDaily ends the daily backup.
func (a app) EndDaily(ctx context.Context) error {
	_, err := later.RemoveDaily(ctx, a.in.dir)
	return err
}

// DropImages removes what a rollback of the project would need, and test apps.
func (a app) DropImages(ctx context.Context, project string, tests []string) {
	for _, ref := range tests {
		image.RemoveTest(ctx, a.in.Engine, ref)
	}
	image.DropTags(ctx, a.in.Engine, project, nil)
}

func (in *Session) acrossRestart(ctx context.Context, do func(context.Context) error) error {
	return in.tools().AcrossRestart(ctx, do)
}

func readJournal(d instance.Dir) (*run.Journal, error) {
	j, err := run.Read(string(d), instance.ReadOwn)
	if err != nil && finding.KindOf(err) != finding.HostNotReady {
		return nil, finding.Named(finding.HostNotReady, "journal-unreadable", "reading what an interrupted run left: %w", err)
	}
	return j, err
}

// recover completes or undoes what an interrupted run left. mayBeBroken says that
// the container which ran before need not answer: the command that follows is
// what repairs it.
func (in *Session) recover(ctx context.Context, mayBeBroken bool) error {
	j, err := readJournal(in.dir)
	if err != nil {
		return err
	}
	in.tidy(ctx)
	if j == nil {
		return nil
	}
	o, err := in.observe(ctx)
	if err != nil {
		return err
	}
	in.knowEnv(o)
	t := in.tools()
	t.EvenBroken = mayBeBroken
	err = run.Recover(ctx, t, j)
	f := (*run.Failure)(nil)
	switch {
	case !errors.As(err, &f):
		return err
	case f.End == run.NotCommitted:
		return finding.Named(finding.Failed, "run-not-finished", "finishing the previous run: %w", f.Cause)
	case f.End == run.Silent: // nothing is left to undo, and this command may be what helps
		in.note(silentText(f.Undo))
		return nil
	case f.End == run.GivenUp:
		in.note(finding.Prompt{Dir: string(in.dir)}.Advice(f.Cause))
		return nil
	}
	return in.notRolledBack(ctx, t, nil, f.Undo)
}

// afterRun is the error to report of a run: exit 4, or 130 when it was the user who
// ended it, or 5 when what ran before could not be brought back.
func (in *Session) afterRun(ctx context.Context, t *run.Tools, err error, madeDir bool) error {
	var f *run.Failure
	if !errors.As(err, &f) {
		return err
	}
	log := ready.LogOf(f.Cause)
	switch f.End {
	case run.NotBegun:
		return finding.Named(finding.HostNotReady, "step-not-begun", "%w", f.Cause)
	case run.NotCommitted, run.GivenUp:
		return finding.Named(finding.Failed, "run-not-finished", "OpenAlgo runs and is ready, but tidying up failed: %w. Run the same command again", f.Cause)
	case run.Silent:
		return &finding.Error{Kind: finding.Broken, ID: "rolled-back-silent", Log: log, Err: fmt.Errorf("%w\n%s", f.Cause, silentText(f.Undo)),
			Hints: []finding.Hint{finding.Run("To find out what is wrong", "doctor")}, End: "OpenAlgo's files and data are as they were before."}
	case run.NotRolledBack:
		broken := in.notRolledBack(ctx, t, f.Cause, f.Undo)
		broken.Log = log
		return broken
	case run.RolledBack:
	}
	helper.RemoveLeft(context.WithoutCancel(ctx), in.Engine, string(in.dir))
	instance.Own(in.dir).ClearTemp()
	if madeDir && !step.HadContainer(t) && stacks.IsGone(in.dir.Env()) {
		instance.RemoveIfUnused(in.dir, true)
	}
	if f.Cancelled {
		return finding.Named(finding.Cancelled, "cancelled", "cancelled and undone. %s", step.AfterUndo(t))
	}
	return &finding.Error{Kind: finding.RolledBack, ID: "rolled-back", Err: f.Cause, End: "Rolled back. " + step.AfterUndo(t) + ".", Log: log}
}

// silentText says that everything is back as it was before, and that the previous
// container, which is started, does not answer.
func silentText(cause error) string {
	return "The previous container is back, but does not answer: " + cause.Error()
}

// notRolledBack reports an undo that failed: whether OpenAlgo runs, what failed,
// where files and data are, and the command that completes the undo.
func (in *Session) notRolledBack(ctx context.Context, t *run.Tools, cause, failed error) *finding.Error {
	text := fmt.Errorf("%s\nRolling back failed: %w", step.AfterFailedUndo(ctx, t), failed)
	if cause != nil {
		text = fmt.Errorf("%w\n%w", cause, text)
	}
	broken := &finding.Error{Kind: finding.Broken, ID: "not-rolled-back", Err: text, Hints: finding.HintsOf(failed),
		End: fmt.Sprintf("Your files as they were before are in %s. %s", in.dir.Work("backups"), step.WhereData(t))}
	if len(broken.Hints) == 0 {
		broken.With(finding.Run("Fix the cause, then complete the rollback and start OpenAlgo", "start"))
	}
	return broken
}

// undoLimit bounds the undo of one step, the start of what ran before included.
func (in *Session) undoLimit() time.Duration { return cleanupTime + max(in.Wait, ready.LongestStart) }
