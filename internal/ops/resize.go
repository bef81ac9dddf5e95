package ops

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// ResizeOptions say what to size for and what may be overridden.
type ResizeOptions struct {
	RAMMiB, Cores int // 0: as measured
	// Instances share the machine; 0 counts those that run.
	Instances int
	// Force also changes lines of .env that the user set.
	Force bool
	// Confirm is asked before anything changes; its error ends the run.
	Confirm func(*plan.Plan) error
}

// PlanResize works out what Resize would do, and changes nothing.
func (in *Session) PlanResize(ctx context.Context, r ResizeOptions) (*plan.Plan, error) {
	_, p, err := in.planResize(ctx, r)
	return p, err
}

// Resize gives a stack the sizing that is due: seven lines of .env and one
// recreated container. Nothing to do is a success.
func (in *Session) Resize(ctx context.Context, r ResizeOptions) (event.Result, error) {
	held, err := in.takeOver(ctx)
	if err != nil {
		return event.Result{}, err
	}
	var confirmed []plan.Ask
	if held == nil {
		_, p, err := in.planResize(ctx, r)
		if err != nil || p.Empty() {
			return in.sized(p), err
		}
		if err := r.confirm(p); err != nil {
			return event.Result{}, err
		}
		confirmed = p.Asks
		if _, err := in.dir.Create(); err != nil {
			return event.Result{}, finding.Errorf(finding.HostNotReady, "%w", err)
		}
		run.Failpoint("before-lock")
		if held, err = in.dir.Lock(ctx, in.note); err != nil {
			return event.Result{}, err
		}
	}
	defer held.Release()
	return in.logged("resize", func() (event.Result, error) { return in.resizeHeld(ctx, r, confirmed) })
}

// resizeHeld plans again, under the lock, and applies.
func (in *Session) resizeHeld(ctx context.Context, r ResizeOptions, confirmed []plan.Ask) (event.Result, error) {
	if err := in.recover(ctx, mustAnswer); err != nil {
		return event.Result{}, err
	}
	o, p, err := in.planResize(ctx, r)
	if err != nil || p.Empty() {
		return in.sized(p), err
	}
	if !sameAsks(p.Asks, confirmed) { // another run may have changed what is asked
		if err := r.confirm(p); err != nil {
			return event.Result{}, err
		}
	}
	in.Report.Report(event.Event{Type: event.TypePlan, Time: time.Now(), Plan: p})
	change := newChanges(in, o, p, false)
	if needsSetup, err := in.asks(ctx, *o.Container()); err == nil && !needsSetup {
		change.state.SetupDone = true // the new one must have the account, too
	}
	if err := change.apply(ctx); err != nil {
		return event.Result{}, err
	}
	return event.Result{Changed: true, URL: world.URLOf(envOf(string(in.dir)), *o.Container()),
		Message: "OpenAlgo is ready with its new sizing (" + p.ContainerName() + ")"}, nil
}

func sameAsks(a, b []plan.Ask) bool {
	return slices.EqualFunc(a, b, func(x, y plan.Ask) bool { return x.Kind == y.Kind })
}

func (r ResizeOptions) confirm(p *plan.Plan) error {
	if r.Confirm == nil {
		return nil
	}
	return r.Confirm(p)
}

// sized reports a plan that has nothing to do.
func (in *Session) sized(p *plan.Plan) event.Result {
	if p == nil {
		return event.Result{}
	}
	in.Report.Report(event.Event{Type: event.TypePlan, Time: time.Now(), Plan: p})
	return event.Result{Message: "nothing to do: the sizing in force is the one that is due for " + p.Sizing.Of()}
}

func (in *Session) planResize(ctx context.Context, r ResizeOptions) (*observed, *plan.Plan, error) {
	o, err := in.observe(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := in.observeForeign(ctx, o); err != nil {
		return nil, nil, err
	}
	in.knowEnv(o)
	p, err := plan.DraftResize(o, r.intent())
	if err != nil {
		return nil, nil, err
	}
	if len(p.Smaller()) > 0 {
		o.Use = world.UseOf(ctx, in.Engine, *o.Container())
	}
	return o, p, plan.FinishResize(o, p)
}

func (r ResizeOptions) intent() plan.Intent {
	i := plan.Intent{Command: plan.CommandResize, Instances: r.Instances, Size: plan.Size{Rule: plan.Due, RAMMiB: r.RAMMiB, Cores: r.Cores}}
	if r.Force {
		i.Size.Rule = plan.DueForced
	}
	return i
}

// observeForeign reads the files of a stack that this program did not make.
func (in *Session) observeForeign(ctx context.Context, o *observed) error {
	o.ComposeName = compose.FileName
	o.FindByMount()
	c := o.Container()
	if c == nil {
		return noContainer(o)
	}
	if o.State.IsOurs() {
		return nil
	}
	o.Foreign, o.ComposeText, o.ComposeName = true, nil, ""
	if project := c.Labels[compose.LabelProject]; project != "" {
		o.Project = project
	}
	for _, path := range strings.Split(c.Labels[compose.LabelFiles], ",") {
		if path == "" || !sameFile(filepath.Dir(path), string(in.dir)) {
			continue
		}
		text, err := readfile.Optional(path)
		if err != nil {
			return finding.Errorf(finding.HostNotReady, "reading %s: %w", path, err)
		}
		if text != nil && o.ComposeText == nil {
			o.ComposeText, o.ComposeName = text, filepath.Base(path)
		}
	}
	return nil
}
