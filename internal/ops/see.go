package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/appfile"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// see is what looks at this instance.
func (in *Session) see() *world.Looker {
	if in.looker == nil || in.looker.Dir != in.dir || in.looker.Engine != in.Engine {
		in.looker = &world.Looker{Engine: in.Engine, Dir: in.dir, Machine: in.Machine, Resolver: in.Resolver, Now: now}
	}
	return in.looker
}

func (in *Session) observe(ctx context.Context) (*observed, error) {
	return in.see().Look(ctx, false)
}

// observeFor is observe for an intent, which may take over what is another tool's.
func (in *Session) observeFor(ctx context.Context, i plan.Intent) (*observed, error) {
	return in.see().Look(ctx, i.Adopts())
}

// seeFor looks at what an intent needs beside that, once it is known which image
// is meant.
func (in *Session) seeFor(ctx context.Context, o *observed, i plan.Intent) error {
	see := in.see()
	if err := see.LookAtImage(ctx, o, plan.ImageRef(o, i), i.Image.Moves); err != nil {
		return err
	}
	if i.Adopts() {
		if err := see.LookAtMade(ctx, o); err != nil {
			return err
		}
	}
	see.LookAtRelease(ctx, o, i.Upgrades(), i.Restores())
	if r := i.Backup; r != nil {
		account, _ := r.Env.Get("BROKER_API_KEY")
		var trees []string
		for _, t := range r.Manifest.Trees {
			trees = append(trees, t.Name)
		}
		see.LookAtBackup(ctx, o, account, trees, in.dir.Work(instance.Replaced))
	}
	see.LookAtEdge(ctx, o, i.Answers, i.Rehearsal)
	return nil
}

// seePorts looks which of the ports that the answers leave open are free.
func (in *Session) seePorts(ctx context.Context, o *observed, a answers.Answers) {
	if !a.Ports.AutoWeb && !a.Ports.AutoWebSocket || plan.PortsNow(o).Whole() || !plan.AsksFree(o) {
		return
	}
	var pairs [][]int
	for _, pair := range plan.PortPairs(o, a) {
		pairs = append(pairs, pair.Open(a))
	}
	in.see().LookAtPorts(ctx, o, a.Ports.Bind, pairs)
}

func (in *Session) readEnv(ctx context.Context) ([]byte, error) {
	return appfile.ReadEnv(ctx, in.Engine, in.dir, "")
}

func (in *Session) openFront(ctx context.Context, s instance.Edge) (front, error) {
	return in.see().OpenFront(ctx, s)
}

func (in *Session) dataDirectory(ctx context.Context, c engine.Container) (string, error) {
	return world.DataDirectory(ctx, in.Engine, c)
}

func (in *Session) saltOf(ctx context.Context, r *plan.Restoring, env *envfile.File) string {
	return in.see().SaltOf(ctx, env, r.State, r.Manifest.Image.ID, r.Manifest.Image.Created)
}

// Obstacles returns what keeps commands from changing this instance: what every
// one of them refuses, or else what a change with the answers of the last install
// would meet; nil where nothing does. It changes nothing.
func (in *Session) Obstacles(ctx context.Context) error {
	o, err := in.observe(ctx)
	if err != nil {
		return err
	}
	in.knowEnv(o)
	o.FindByMount()
	if err := plan.Guard(o); err != nil {
		return err
	}
	if !o.State.IsOurs() || o.Container() == nil {
		return neitherRuns(o)
	}
	i, err := in.saved(ctx, plan.CommandInstall)
	if err == nil {
		_, _, err = in.planOnce(ctx, i)
	}
	return err
}
