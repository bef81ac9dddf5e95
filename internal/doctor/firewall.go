package doctor

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/preflight"
)

// firewall is what of this machine's own keeps HTTPS from being reached.
type firewall struct {
	asked  bool
	closed []host.FirewallProblem
}

func (c *firewall) look(ctx context.Context, l Look, p *patient) {
	if p.engine == nil || !p.engine.Local {
		return
	}
	if state, err := instance.Dir(l.Dir).LoadState(); err == nil && state.Edge.Kind != "" {
		c.asked, c.closed = true, host.Firewall(ctx, state.Edge.HTTP, state.Edge.HTTPS)
	}
}

func (c *firewall) judge(patient) (out []Finding) {
	if !c.asked {
		return nil
	}
	for _, w := range preflight.Firewall(c.closed) {
		out = append(out, warning("firewall", w)...)
	}
	if out == nil {
		return ok("firewall", "no firewall on this machine is known to block its HTTPS ports")
	}
	return out
}
