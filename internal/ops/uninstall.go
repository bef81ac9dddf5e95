package ops

import (
	"context"
	"errors"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/leftovers"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// RemovalOptions say what goes beside the container.
type RemovalOptions struct {
	Purge     bool // volumes and .env
	Leftovers bool // what another installer left on the machine
}

// Uninstall removes the instance: the container first, the encryption keys last.
// What is interrupted is completed by the next command. A plan completes nothing: the
// interrupted run may be an uninstall itself.
func Uninstall(r RemovalOptions) Command {
	i := plan.Intent{Command: plan.CommandUninstall, Run: plan.Gone, Purge: r.Purge, Leftovers: r.Leftovers}
	if r.Purge {
		i.Command = plan.CommandPurge
	}
	return Command{Name: i.Command, look: lookToRemove, mayBeBroken: true, deletes: r.Purge, act: remove,
		Wish: func(*world.Observation) (plan.Intent, error) { return i, nil }}
}

// lookToRemove looks at what an uninstall meets.
func lookToRemove(ctx context.Context, l *world.Looker) (*world.Observation, error) {
	o, err := l.Look(ctx, false)
	if err != nil {
		return nil, err
	}
	if err := l.LookAtRemovable(ctx, o); err != nil {
		return nil, err
	}
	r := &o.Removable
	lookAtDaily(o)
	if c := o.Container(); c != nil {
		_, r.Web = c.Published(openalgo.WebPort)
	}
	traces := leftovers.Of(string(o.Dir), o.Env, r.Web)
	r.Domain = traces.Domain
	for _, found := range traces.Find("/") {
		r.Leftovers = append(r.Leftovers, world.Leftover{Path: found.Path, What: found.What, Stays: found.Stays})
	}
	return o, nil
}

// remove carries an uninstall out: what has begun is completed, by this process or
// by the next one.
func remove(ctx context.Context, t *turn, p *plan.Plan) (event.Result, error) {
	err := carry(context.WithoutCancel(ctx), t, p)
	if err == nil {
		if p.Intent.Purge || t.madeDir {
			instance.RemoveIfUnused(t.dir, true)
		}
		return event.Result{Changed: true, Message: plan.Message(p)}, nil
	}
	f := (*run.Failure)(nil)
	switch {
	case !errors.As(err, &f):
		return event.Result{}, err
	case f.End == run.NotBegun:
		return event.Result{}, finding.Named(finding.HostNotReady, "step-not-begun", "%w", f.Cause)
	case f.End == run.NotCommitted:
		return event.Result{Changed: true}, finding.Named(finding.Failed, "not-removed", "%w. The next command completes the uninstall", f.Cause)
	}
	return event.Result{Changed: true}, finding.Named(finding.Failed, "not-removed", "%w", f.Cause)
}
