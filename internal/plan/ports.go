package plan

import (
	"errors"
	"slices"

	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// ErrPortTaken is the cause of a preflight that failed for a port which somebody
// has.
var ErrPortTaken = errors.New("a port is taken")

// portsToAsk are the published ports that neither the stack nor another container
// has. On a remote engine only the start can tell.
func portsToAsk(o *world.Observation, p *Plan) (out []world.Port) {
	for _, want := range portsWanted(o, p) {
		if o.PublishedBy(want.Port) == "" {
			out = append(out, want)
		}
	}
	return out
}

// portsWanted are the published ports that the stack does not hold itself.
func portsWanted(o *world.Observation, p *Plan) (out []world.Port) {
	for _, want := range p.Stack.Ports() {
		if o.Engine.Local && want.HostPort != 0 && want.Protocol != "udp" && !heldByStack(o, want.HostPort) {
			out = append(out, world.Port{Address: want.HostIP, Port: want.HostPort})
		}
	}
	return out
}

func heldByStack(o *world.Observation, port int) bool {
	return slices.ContainsFunc(o.Containers, func(c docker.Container) bool { return stacks.IsUp(c) && world.Publishes(c, port) })
}

// preflightPorts refuses ports that somebody has.
func preflightPorts(o *world.Observation, p *Plan, ps *problems) (cause error) {
	for _, want := range portsWanted(o, p) {
		who, err := o.PortHolder(want)
		switch {
		case err != nil:
			ps.add("port-unchecked", "checking port %d: %w", want.Port, err)
		case who != "":
			cause = ErrPortTaken
			ps.add("port-taken", "port %d is taken by %s: stop it, or choose another port in the answers (ports: {web: N, websocket: N})", want.Port, who)
		}
	}
	return cause
}
