package app

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
)

// Ended is the error to report of a run: exit 4, or 130 when it was the user who
// ended it, or 5 when what ran before could not be brought back.
func Ended(ctx context.Context, a *App, t *run.Tools, err error, madeDir bool) error {
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
		return &finding.Error{Kind: finding.Broken, ID: "rolled-back-silent", Log: log, Err: fmt.Errorf("%w\n%s", f.Cause, SilentText(f.Undo)),
			Hints: []finding.Hint{finding.Run("To find the problem", "doctor")}, End: "OpenAlgo's files and data are as they were before."}
	case run.NotRolledBack:
		broken := NotRolledBack(ctx, a.Dir, t, f.Cause, f.Undo)
		broken.Log = log
		return broken
	case run.RolledBack:
	}
	helper.RemoveLeft(context.WithoutCancel(ctx), a.Engine, string(a.Dir))
	instance.Own(a.Dir).ClearTemp()
	if madeDir && !step.HadContainer(t) && stacks.IsGone(a.Dir.Env()) {
		instance.RemoveIfUnused(a.Dir, true)
	}
	if f.Cancelled {
		return finding.Named(finding.Cancelled, "cancelled", "cancelled and undone. %s", step.AfterUndo(t))
	}
	return &finding.Error{Kind: finding.RolledBack, ID: "rolled-back", Err: f.Cause, End: "Rolled back. " + step.AfterUndo(t) + ".", Log: log}
}

// SilentText says that everything is back as it was before, and that the previous
// container, which is started, does not answer.
func SilentText(cause error) string {
	return "The previous container runs again, but does not answer: " + cause.Error()
}

// NotRolledBack reports an undo that failed: whether OpenAlgo runs, what failed,
// where files and data are, and the command that completes the undo.
func NotRolledBack(ctx context.Context, dir instance.Dir, t *run.Tools, cause, failed error) *finding.Error {
	text := fmt.Errorf("%s\nRolling back failed: %w", step.AfterFailedUndo(ctx, t), failed)
	if cause != nil {
		text = fmt.Errorf("%w\n%w", cause, text)
	}
	broken := &finding.Error{Kind: finding.Broken, ID: "not-rolled-back", Err: text, Hints: finding.HintsOf(failed),
		End: fmt.Sprintf("Copies of your previous files are in %s. %s", dir.Work("backups"), step.WhereData(t))}
	if len(broken.Hints) == 0 {
		broken = broken.With(finding.Run("Fix the cause, then complete the rollback and start OpenAlgo", "start"))
	}
	return broken
}
