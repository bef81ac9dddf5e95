package plan

import (
	"strings"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// preflightEdge tells, before anything changes, what would keep the domain
// from being served.
func preflightEdge(o *world.Observation, p *Plan, ps *preflight.Problems) {
	e := p.Edge
	if e == nil || !e.Act {
		return
	}
	preflightEdgePorts(o, &e.Way, ps)
	preflightDomain(o, p, ps)
	for _, text := range o.Answered.Firewall {
		p.warn("%s", text)
	}
	warnReach(o.Answered.Reach, p)
}

// preflightEdgePorts requires both ports to be free, unless the proxy itself has
// them.
func preflightEdgePorts(o *world.Observation, e *world.Way, ps *preflight.Problems) {
	for _, want := range edgePorts(e) {
		who, err := o.PortHolder(want)
		if err != nil {
			ps.Add("port-unchecked", "checking port %d: %w", want.Port, err)
		}
		if who == "" {
			continue
		}
		hint := "stop it, or put OpenAlgo behind it with `tls: {mode: off}`"
		if strings.HasPrefix(who, "nginx") {
			hint = "let it serve OpenAlgo too, with `tls: {mode: nginx}`, or stop it"
		}
		ps.Add("port-taken", "port %d, which HTTPS needs, is taken by %s: %s", want.Port, who, hint)
	}
}

// preflightDomain refuses a domain that certainly does not lead here.
func preflightDomain(o *world.Observation, p *Plan, ps *preflight.Problems) {
	tls, report := p.Answers.TLS, o.Answered.Dns
	switch {
	case !tls.CheckDNS, report.Match, report.Cloudflare && tls.Cloudflare:
	case report.Cloudflare:
		p.warn("%s. If the proxy shall stay on: `tls: {cloudflare: true}`, so that OpenAlgo sees who calls", report.Problem)
	case report.Judged && tls.Mode != "files":
		ps.Add("dns-mismatch", "%s. If you know better: `tls: {check_dns: false}`", report.Problem)
	default:
		p.warn("%s", report.Problem)
	}
}

// warnReach says who answered at the domain's port 80. Where the answer is
// missing, only somebody outside can tell why: routers often do not lead a host
// back to itself.
func warnReach(seen world.Reach, p *Plan) {
	switch seen {
	case world.NotAsked, world.ReachesHere:
	case world.ReachesOther:
		p.warn("port 80 of %s is answered by something else than this host: the certificate authority will meet it, too", p.Answers.Domain)
	case world.Unreached:
		p.warn("port 80 of %s could not be reached from here. Behind a router that may be its fault alone (no hairpin NAT); "+
			"else a firewall or the provider's security group must let ports %s in", p.Answers.Domain, p.Edge.portsText())
	}
}

// edgePorts are the ports that the proxy needs and does not have yet. nginx shares
// those that it has.
func edgePorts(e *world.Way) (out []world.Port) {
	for _, port := range []int{e.State.HTTP, e.State.HTTPS} {
		if e.State.Kind == edge.KindCaddy && !e.Holds[port] {
			out = append(out, world.Port{Address: "", Port: port})
		}
	}
	return out
}
