package doctor

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// network is what leads to the container, and out of this machine.
type network struct{ net world.Net }

func (c *network) look(ctx context.Context, l Look, p *patient) {
	if p.container == nil || l.Engine == nil {
		return
	}
	if all, err := l.Engine.Overview(ctx); err == nil {
		c.net = world.SeeNet(*p.engine, all.Subnets)
	}
}

func (c *network) judge(p patient) (out []Finding) {
	if c.net.Routes == nil || p.container == nil {
		return nil
	}
	found := preflight.Internet(c.net)
	for _, name := range p.container.Networks {
		found = append(found, preflight.Collisions(c.net, name, c.net.Ranges[name]...)...)
	}
	for _, w := range found {
		out = append(out, warning("network", w)...)
	}
	if out == nil {
		return ok("network", "no route of this machine conflicts with OpenAlgo's network")
	}
	return out
}
