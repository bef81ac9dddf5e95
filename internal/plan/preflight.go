package plan

import (
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Preflight collects everything that prevents a plan from being carried out, and
// says it all at once.
func Preflight(o *world.Observation, p *Plan) error {
	var ps preflight.Problems
	preflight.Dir(o, &ps)
	for _, path := range o.Host.Rivals {
		if !p.Intent.Adopts() {
			ps.Add("compose-rival", "Docker Compose would read %s instead of %s. Rename the first, or choose another directory with --dir", path, compose.FileName)
		}
	}
	if rivals := guard.Rivals(o.Containers); rivals != "" {
		ps.Add("two-containers", "%s", rivals)
	}
	preflight.Engine(o, p.Stack.Image, p.Answers.Image.Source == "rehearsal" || p.builds(), &ps)
	preflight.User(o, p.Stack.Image, &ps)
	preflight.View(o, &ps)
	var cause error
	if p.Change(KindImage, p.Stack.Image) != nil {
		cause = preflight.Build(o, p.builds() && p.Built.BuildsFrontend, &ps)
	}
	planSwap(o, p, &ps)
	taken := preflight.Ports(o, p.Stack, p.Answers, &ps)
	if !p.Empty() {
		p.Warn(preflight.Networks(o, p.Stack, &ps)...)
	}
	if e := p.Edge; e != nil && e.Act {
		p.Warn(preflight.Edge(o, &e.Way, p.Answers, &ps)...)
	}
	if c := p.Change(KindContainer, p.Stack.ContainerName()); c != nil && c.Action != ActionUpdate && o.Engine.ProxiesLackLoopback {
		p.Warn(preflight.Proxies())
	}
	if c := o.Container(); p.Intent.Upgrades() && c != nil && !p.Empty() {
		preflight.Snapshot(o, &ps)
	}
	if c := o.Container(); p.Intent.Data == ToVolumes && c != nil {
		preflight.Move(o, p.Stack, *c, &ps)
	}
	if holder := preflight.NameHolder(o, p.Stack.ContainerName()); holder != "" {
		ps.Add("container-name-taken", "a container named %s exists, and it belongs to something else (%s). Rename it (docker rename %s NAME), or choose another directory with --dir",
			p.Stack.ContainerName(), holder, p.Stack.ContainerName())
	}
	return finding.NotReady(ps, cause, taken)
}

// asksUser reports whether the number of the image's user is needed: an image
// that runs here already can read .env.
func asksUser(o *world.Observation, p *Plan) bool {
	c := o.Container()
	return o.Image != nil && p.Stack.Spec("").User == "" && (c == nil || c.ImageID != o.Image.ID || p.Intent.Adopts())
}
