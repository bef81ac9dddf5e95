package preflight

import (
	"errors"
	"fmt"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ports"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// ErrPortTaken is the cause of a preflight that failed for a port which somebody
// has.
var ErrPortTaken = errors.New("a port is taken")

// PortsToAsk are the published ports that neither the stack nor another container
// has. On a remote engine only the start can tell.
func PortsToAsk(o *world.Observation, stack *compose.Stack) (out []world.Port) {
	for _, want := range portsWanted(o, stack) {
		if o.PublishedBy(want.Port) == "" {
			out = append(out, want)
		}
	}
	return out
}

// portsWanted are the published ports that the stack does not hold itself.
func portsWanted(o *world.Observation, stack *compose.Stack) (out []world.Port) {
	for _, want := range stack.Ports() {
		if o.Engine.Local && want.HostPort != 0 && want.Protocol != "udp" && !heldByStack(o, want.HostPort) {
			out = append(out, world.Port{Address: want.HostIP, Port: want.HostPort})
		}
	}
	return out
}

func heldByStack(o *world.Observation, port int) bool {
	return slices.ContainsFunc(o.Containers, func(c docker.Container) bool { return stacks.IsUp(c) && world.Publishes(c, port) })
}

// Ports refuses ports that somebody has, and names free ones.
func Ports(o *world.Observation, stack *compose.Stack, a answers.Answers, ps *Problems) (cause error) {
	others := finding.Answer("Stop it, or choose other ports", "ports: {web: N, websocket: N}", `Stop it, or choose other ports on the page "Options"`)
	if free, ok := ports.Other(o, a); ok {
		others = finding.Answer("Stop it, or choose free ports", fmt.Sprintf("ports: {web: %d, websocket: %d}", free.Web, free.Socket),
			fmt.Sprintf(`Stop it, or choose free ports on the page "Options", for example %d and %d`, free.Web, free.Socket))
	}
	for _, want := range portsWanted(o, stack) {
		who, err := o.PortHolder(want)
		switch {
		case err != nil:
			ps.Add("port-unchecked", "check port %d: %w", want.Port, err)
		case who != "":
			cause = ErrPortTaken
			ps.Add("port-taken", "port %d is taken by %s", want.Port, who)
			_ = (*ps)[len(*ps)-1].With(others)
		}
	}
	return cause
}
