package ops

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// find returns the container of this directory's instance, to look at.
func (in *Session) find(ctx context.Context) (*engine.Container, error) {
	_, c, err := in.lookAt(ctx)
	return c, err
}

// findToChange is find for a command that stops, starts or copies it.
func (in *Session) findToChange(ctx context.Context) (*engine.Container, error) {
	o, c, err := in.lookAt(ctx)
	if err == nil {
		err = guard.All(o)
	}
	return c, err
}

func (in *Session) lookAt(ctx context.Context) (*observed, *engine.Container, error) {
	o, err := in.observe(ctx)
	if err != nil {
		return nil, nil, err
	}
	in.knowEnv(o)
	c, err := guard.Present(o)
	return o, c, err
}

// locked does one thing under the lock of the instance.
func (in *Session) locked(ctx context.Context, command string, do func(*engine.Container) (event.Result, error)) (event.Result, error) {
	// The guard comes after recovery: a killed run may have left half of the files.
	if _, err := in.find(ctx); err != nil {
		return event.Result{}, err
	}
	if _, err := in.dir.Create(); err != nil {
		return event.Result{}, finding.Named(finding.HostNotReady, "directory-unwritable", "%w", err)
	}
	held, err := in.dir.Lock(ctx, in.note)
	if err != nil {
		return event.Result{}, err
	}
	defer held.Release()
	return in.logged(command, func() (event.Result, error) {
		if err := in.recover(ctx, false); err != nil {
			return event.Result{}, err
		}
		// Again, since another run may have changed it in the meantime.
		c, err := in.findToChange(ctx)
		if err != nil {
			return event.Result{}, err
		}
		return do(c)
	})
}

// Start starts the stack and waits until it is ready. Where an uninstall or
// somebody else took the container away, it is recreated from the saved
// answers, with the same keys and data.
func (in *Session) Start(ctx context.Context) (event.Result, error) {
	// First what a killed run left: whether there is a container shows after that.
	if err := in.settle(ctx, Command{Name: plan.CommandStart}); err != nil {
		return event.Result{}, err
	}
	if s, err := in.dir.LoadState(); err == nil && s.IsOurs() {
		_, err := in.findToChange(ctx)
		if id := finding.IDOf(err); id == "container-missing" || id == "moved" {
			return in.Do(ctx, recreate())
		}
	}
	return in.locked(ctx, "start", func(c *engine.Container) (event.Result, error) {
		changed := c.State != "running"
		if err := in.startAndVerify(ctx, c); err != nil {
			return event.Result{}, err
		}
		return event.Result{Changed: changed, URL: world.URLOf(envOf(string(in.dir)), *c), Message: c.Name + " is ready"}, nil
	})
}

// Stop stops the stack, with the time that the app needs to end its work.
func (in *Session) Stop(ctx context.Context) (event.Result, error) {
	return in.locked(ctx, "stop", func(c *engine.Container) (event.Result, error) {
		if !isUp(*c) {
			return event.Result{Message: c.Name + " is stopped already"}, nil
		}
		if err := in.askDown(ctx, plan.DownForGood, "stopped"); err != nil {
			return event.Result{}, err
		}
		if err := in.stop(ctx, c); err != nil {
			return event.Result{}, err
		}
		return event.Result{Changed: true, Message: c.Name + " is stopped. To start it again: " + finding.Command(in.dir, "start")}, nil
	})
}

// Restart stops and starts the stack and waits until it is ready.
func (in *Session) Restart(ctx context.Context) (event.Result, error) {
	return in.locked(ctx, plan.CommandRestart, func(c *engine.Container) (event.Result, error) {
		if err := in.askDown(ctx, plan.DownForSeconds, "stopped and started again"); err != nil {
			return event.Result{}, err
		}
		if failed, notUp := in.whileDown(ctx, plan.CommandRestart, *c, func() error { return nil }); failed != nil || notUp != nil {
			return event.Result{}, errors.Join(notUp, failed)
		}
		return event.Result{Changed: true, URL: world.URLOf(envOf(string(in.dir)), *c), Message: c.Name + " is ready"}, nil
	})
}

// whileDown stops the container, does something, and starts it again even if
// that failed or the user left. A kill in between leaves a journal, by which the
// next run starts it. notUp says that it does not come up again.
func (in *Session) whileDown(ctx context.Context, command string, c engine.Container, do func() error) (failed, notUp error) {
	p := run.Plan{Command: command, Parts: []run.Part{
		{Name: "stop", Title: "stop " + c.Name, Steps: []run.Step{&step.StopContainer{ID: c.ID, Name: c.Name, Running: isUp(c), Began: c.StartedAt, Up: isUp(c)}}},
		{Steps: []run.Step{&step.Action{What: "work while it is stopped", Func: func(context.Context) error {
			run.Failpoint(command + "-stopped")
			failed = do()
			return nil // it is started again whatever came of that
		}}}},
	}, Commit: []run.Step{&step.StartAgain{ID: c.ID, Name: c.Name}}}
	err := run.Run(context.WithoutCancel(ctx), in.tools(), p)
	var f *run.Failure
	switch {
	case !errors.As(err, &f):
		return errors.Join(failed, err), nil
	case f.End == run.GivenUp || f.End == run.NotCommitted:
		return failed, notReadyAgain(c, f.Cause)
	case f.End == run.Silent || f.End == run.NotRolledBack:
		return errors.Join(failed, f.Cause), notReadyAgain(c, f.Undo)
	}
	return errors.Join(failed, f.Cause), nil
}

func notReadyAgain(c engine.Container, err error) error {
	return &finding.Error{Kind: finding.Failed, ID: "not-ready", Err: fmt.Errorf("%s does not get ready: %w", c.Name, err), Log: ready.LogOf(err)}
}

func (in *Session) stop(ctx context.Context, c *engine.Container) error {
	return causeOf(run.Run(ctx, in.tools(), run.Plan{Command: plan.CommandStop, Commit: []run.Step{&step.StopForGood{ID: c.ID, Name: c.Name}}}))
}

func (in *Session) startAndVerify(ctx context.Context, c *engine.Container) error {
	err := run.Run(ctx, in.tools(), run.Plan{Command: plan.CommandStart, Commit: []run.Step{&step.StartAgain{ID: c.ID, Name: c.Name}}})
	if err != nil {
		return notReadyAgain(*c, causeOf(err))
	}
	return nil
}

// causeOf is why a run failed that changes nothing which an undo would bring back.
func causeOf(err error) error {
	if f := (*run.Failure)(nil); errors.As(err, &f) {
		return f.Cause
	}
	return err
}

// Logs copies the container's log to out, secrets taken out; tail is the
// number of last lines, 0 for all of them.
func (in *Session) Logs(ctx context.Context, follow bool, tail int, out io.Writer) error {
	c, err := in.find(ctx)
	if err != nil {
		return err
	}
	lines := &printable.Lines{Take: func(line string) { fmt.Fprintln(out, in.withoutSecrets(line)) }}
	err = in.Engine.Logs(ctx, c.ID, engine.LogOptions{Follow: follow, Tail: tail}, lines, lines)
	lines.Flush()
	if ctx.Err() != nil {
		return nil // ctrl+c ends following
	}
	if err != nil {
		return fmt.Errorf("reading the log of %s: %w", c.Name, err)
	}
	return nil
}
