package ops

import (
	"context"
	"errors"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Start starts the container and waits until OpenAlgo is ready. Where an uninstall or
// a user removed the container, it is recreated from the saved answers, with
// the same keys and data.
func Start() Command {
	asBefore := changed(plan.CommandStart, func(*answers.Answers) error { return nil })
	return Command{Name: plan.CommandStart, act: endUp, Wish: func(o *world.Observation) (plan.Intent, error) {
		if !guard.Recreates(o) {
			return plan.Intent{Command: plan.CommandStart, Run: plan.Up}, nil
		}
		i, err := asBefore(o)
		if err == nil {
			err = guard.Start(o)
		}
		return i, err
	}}
}

// Stop stops OpenAlgo, with the time that it needs to end its work.
func Stop() Command { return forContainer(plan.CommandStop, plan.Down, endDown) }

// Restart stops and starts OpenAlgo and waits until it is ready.
func Restart() Command { return forContainer(plan.CommandRestart, plan.Again, endAgain) }

// forContainer is a command that only stops or starts the container.
func forContainer(name string, run plan.Run, act action) Command {
	return Command{Name: name, act: act, Wish: func(*world.Observation) (plan.Intent, error) {
		return plan.Intent{Command: name, Run: run}, nil
	}}
}

func endDown(ctx context.Context, t *turn, p *plan.Plan) (event.Result, error) {
	if err := carry(ctx, t, p); err != nil {
		return event.Result{}, causeOf(err)
	}
	return event.Result{Changed: true, Message: plan.Message(p)}, nil
}

func endUp(ctx context.Context, t *turn, p *plan.Plan) (event.Result, error) {
	if err := carry(ctx, t, p); err != nil {
		return event.Result{}, notReadyAgain(*p.Stays, causeOf(err))
	}
	return isReady(t, p, p.Stays.State != "running"), nil
}

func endAgain(ctx context.Context, t *turn, p *plan.Plan) (event.Result, error) {
	if failed, notUp := whileDown(ctx, t, p); failed != nil || notUp != nil {
		return event.Result{}, errors.Join(notUp, failed)
	}
	return isReady(t, p, true), nil
}

func carry(ctx context.Context, t *turn, p *plan.Plan) error {
	return run.Run(ctx, t.tools(), run.Plan{Command: p.Command, Parts: p.Steps, Commit: p.Commit})
}

func isReady(t *turn, p *plan.Plan, changed bool) event.Result {
	return event.Result{Changed: changed, URL: world.URLOf(world.EnvOf(string(t.dir)), *p.Stays), Message: plan.Message(p)}
}

// whileDown carries out a plan that stops the container and starts it again, even if
// that failed or the user left. A kill in between leaves a journal, by which the next
// run starts it. notUp says that it does not come up again.
func whileDown(ctx context.Context, t *turn, p *plan.Plan) (failed, notUp error) {
	err := carry(context.WithoutCancel(ctx), t, p)
	if archive := run.Find[*step.Archive](stepsOf(p)); archive != nil {
		failed = archive.Failed
	}
	var f *run.Failure
	switch {
	case !errors.As(err, &f):
		return errors.Join(failed, err), nil
	case f.End == run.GivenUp || f.End == run.NotCommitted:
		return failed, notReadyAgain(*p.Stays, f.Cause)
	case f.End == run.Silent || f.End == run.NotRolledBack:
		return errors.Join(failed, f.Cause), notReadyAgain(*p.Stays, f.Undo)
	}
	return errors.Join(failed, f.Cause), nil
}

func stepsOf(p *plan.Plan) (out []run.Step) {
	for _, part := range p.Steps {
		out = append(out, part.Steps...)
	}
	return out
}

func notReadyAgain(c engine.Container, err error) error {
	return &finding.Error{Kind: finding.Failed, ID: "not-ready", Err: fmt.Errorf("%s did not become ready: %w", c.Name, err), Log: ready.LogOf(err)}
}

// causeOf is why a run failed that changes nothing which an undo would bring back.
func causeOf(err error) error {
	if f := (*run.Failure)(nil); errors.As(err, &f) {
		return f.Cause
	}
	return err
}
