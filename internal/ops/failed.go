package ops

import (
	"context"
	"errors"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/engine/helper"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step"
	_ "github.com/marketcalls/openalgo-install/internal/step/journal1" // reads journals of releases before 2
)

// recover completes or undoes what an interrupted run left. mayBeBroken says that
// the container which ran before need not answer: the command that follows is
// what repairs it.
func recoverLeft(ctx context.Context, in *Session, mayBeBroken bool) error {
	j, err := run.Left(in.dir)
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
	return notRolledBack(ctx, in, t, nil, f.Undo)
}

// afterRun is the error to report of a run: exit 4, or 130 when it was the user who
// ended it, or 5 when what ran before could not be brought back.
func afterRun(ctx context.Context, in *Session, t *run.Tools, err error, madeDir bool) error {
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
		broken := notRolledBack(ctx, in, t, f.Cause, f.Undo)
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
func notRolledBack(ctx context.Context, in *Session, t *run.Tools, cause, failed error) *finding.Error {
	text := fmt.Errorf("%s\nRolling back failed: %w", step.AfterFailedUndo(ctx, t), failed)
	if cause != nil {
		text = fmt.Errorf("%w\n%w", cause, text)
	}
	broken := &finding.Error{Kind: finding.Broken, ID: "not-rolled-back", Err: text, Hints: finding.HintsOf(failed),
		End: fmt.Sprintf("Your files as they were before are in %s. %s", in.dir.Work("backups"), step.WhereData(t))}
	if len(broken.Hints) == 0 {
		broken = broken.With(finding.Run("Fix the cause, then complete the rollback and start OpenAlgo", "start"))
	}
	return broken
}
