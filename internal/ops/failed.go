package ops

import (
	"context"
	"errors"

	"github.com/marketcalls/openalgo-install/internal/app"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/run"
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
	keepRecovered(ctx, in, t, j)
	f := (*run.Failure)(nil)
	switch {
	case !errors.As(err, &f):
		return err
	case f.End == run.NotCommitted:
		return finding.Named(finding.Failed, "run-not-finished", "finishing the previous run: %w", f.Cause)
	case f.End == run.Silent: // nothing is left to undo, and this command may be what helps
		in.note(app.SilentText(f.Undo))
		return nil
	case f.End == run.GivenUp:
		in.note(finding.Prompt{Dir: string(in.dir)}.Advice(f.Cause))
		return nil
	}
	return app.NotRolledBack(ctx, in.dir, t, nil, f.Undo)
}
