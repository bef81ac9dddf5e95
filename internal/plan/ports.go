package plan

import (
	"errors"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/answers"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// ChoosePorts fills in the ports that the answers leave open: those that this
// instance has already, else the first pair that no other instance has.
func ChoosePorts(o *world.Observation, a *answers.Answers) error {
	if !a.Ports.AutoWeb && !a.Ports.AutoWebSocket {
		return nil
	}
	pair := PortsNow(o)
	if !pair.Whole() {
		i := slices.IndexFunc(PortPairs(o, *a), func(p portPair) bool { return p.isFree(o, *a) })
		if i < 0 {
			return finding.Named(finding.HostNotReady, "port-taken", "no free pair of ports was found from %d and %d on: name two with `ports: {web: N, websocket: N}`", a.Ports.Web, a.Ports.WebSocket)
		}
		pair = PortPairs(o, *a)[i]
	}
	if a.Ports.AutoWeb {
		a.Ports.Web = pair.web
	}
	if a.Ports.AutoWebSocket {
		a.Ports.WebSocket = pair.socket
	}
	return nil
}

// portPair is the two ports of an instance.
type portPair struct{ web, socket int }

func (p portPair) Whole() bool { return p.web != 0 && p.socket != 0 }

// Open are those of the pair that the answers leave open.
func (p portPair) Open(a answers.Answers) (out []int) {
	if a.Ports.AutoWeb {
		out = append(out, p.web)
	}
	if a.Ports.AutoWebSocket {
		out = append(out, p.socket)
	}
	return out
}

// isFree reports whether nobody has the ports of a pair, as far as it was looked
// at.
func (p portPair) isFree(o *world.Observation, a answers.Answers) bool {
	return !AsksFree(o) || !slices.ContainsFunc(p.Open(a), func(port int) bool { return !o.FreePorts[port] })
}

// PortsNow are those that the instance has: of its container, or of its last answers.
func PortsNow(o *world.Observation) portPair {
	if c := o.Container(); c != nil {
		_, web := c.Published(openalgo.WebPort)
		_, socket := c.Published(openalgo.WebSocketPort)
		return portPair{web, socket}
	}
	if saved, problems := answers.ParseSaved(o.AnswersText); o.AnswersText != nil && len(problems) == 0 {
		return portPair{saved.Ports.Web, saved.Ports.WebSocket}
	}
	return portPair{}
}

// AsksFree reports whether this machine is asked for free ports. Of the first
// instance whoever has them is named; on another machine nobody can ask.
func AsksFree(o *world.Observation) bool { return o.Project != settings.FirstProject && o.Engine.Local }

// mostInstances is how many pairs of ports are looked at.
const mostInstances = 500

// PortPairs are the pairs that no other instance has, the best first.
func PortPairs(o *world.Observation, a answers.Answers) (out []portPair) {
	taken := map[int]bool{}
	for _, c := range o.All {
		for _, p := range c.Ports {
			taken[p.HostPort] = true
		}
	}
	for n := range mostInstances {
		pair := portPair{a.Ports.Web + n, a.Ports.WebSocket + n}
		if !slices.ContainsFunc(pair.Open(a), func(port int) bool { return taken[port] }) {
			out = append(out, pair)
		}
	}
	return out
}

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
