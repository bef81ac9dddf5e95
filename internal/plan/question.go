package plan

import (
	"slices"

	edge "github.com/marketcalls/openalgo-install/internal/edge/spec"
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Query is what a plan, whose files and image are decided, needs to know of this
// machine.
func (p *Plan) Query(o *world.Observation) world.Query {
	if p.Intent.Resizes() {
		return world.Query{Use: len(settings.Smaller(p.Settings)) > 0, Account: true}
	}
	c := o.Container()
	q := world.Query{Ports: preflight.PortsToAsk(o, p.Stack), Directories: dataDirs(o, p.Stack), Owner: ownerToBe(o, p),
		ImageUser: asksUser(o, p), View: preflight.ImageToAsk(o), Build: o.Engine.Local && p.builds(), Account: asksAccount(o, p), Swap: p.asksSwap()}
	if p.Intent.Upgrades() && c != nil {
		q.Databases = o.Engine.Local && o.Host.Root
	}
	if p.Intent.Data == ToVolumes && c != nil {
		for _, source := range world.DataDirectories(*c) {
			q.Trees = append(q.Trees, source)
		}
		slices.Sort(q.Trees)
	}
	var more []world.Port
	q.Edge, more = asksEdge(o.Edge.Way, o, p)
	q.Ports = append(q.Ports, more...)
	return q
}

// asksEdge is what a plan that serves HTTPS needs to know of this machine.
func asksEdge(e *world.Way, o *world.Observation, p *Plan) (q world.EdgeQuery, ports []world.Port) {
	if e == nil || !e.Act {
		return q, nil
	}
	if p.Answers.TLS.CheckDNS {
		q.Domain = p.Answers.Domain
	}
	q.Firewall = []int{e.State.HTTP, e.State.HTTPS}
	if e.State.Kind == edge.KindCaddy && !e.Runs && q.Domain != "" && p.Answers.TLS.Mode == "auto" {
		q.ReachPort = e.State.HTTP
	}
	for _, want := range preflight.EdgePorts(e) {
		if o.PublishedBy(want.Port) == "" {
			ports = append(ports, want)
		}
	}
	return q, ports
}
