package doctor

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/hostcare"
)

// hostCare is how this machine is looked after, where Docker runs on it.
type hostCare struct{ results []hostcare.Result }

func (c *hostCare) look(ctx context.Context, _ Look, p *patient) {
	if p.host == nil || p.host.Virtualization == "wsl" || p.engine != nil && !p.engine.Local {
		return
	}
	c.results = hostcare.This(p.host.OS).Look(ctx)
}

func (c *hostCare) judge(patient) (out []Finding) {
	for _, r := range c.results {
		if r.Found != nil {
			out = append(out, warning(r.Check, r.Found)...)
			continue
		}
		out = append(out, ok(r.Check, "%s", r.Text)...)
	}
	return out
}
