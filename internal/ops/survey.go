package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/installed"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Survey looks once at all that commands look at before they change this instance,
// as it was installed. What they refuse follows from that. It changes nothing.
func (in *Session) Survey(ctx context.Context) (*world.Observation, error) {
	see := in.see()
	o, err := see.Look(ctx, false)
	if err == nil {
		err = world.LookAtForeign(see, o)
	}
	if err != nil {
		return nil, err
	}
	in.knowEnv(o)
	lookAtSource(ctx, see, o)
	world.LookAtKept(ctx, see, o)
	i, err := installed.Intent(o, plan.CommandInstall)
	if err != nil {
		return o, nil //nolint:nilerr // it follows from what was seen so far
	}
	in.know(i, o)
	t := newTurn(in, Command{})
	defer t.source.Close()
	if err := t.lookFor(ctx, o, &i); err != nil {
		return nil, err
	}
	q := world.Query{}
	if p, err := plan.Draft(o, i); err == nil {
		q = p.Query(o)
	}
	q.Databases = o.Container() != nil && o.Engine.Local && o.Host.Root
	see.Answer(ctx, o, q)
	return o, nil
}
