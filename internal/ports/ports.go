// Package ports chooses the ports that the answers leave open.
package ports

import (
	"slices"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Choose fills in the ports that the answers leave open: those that this
// instance has already, else the first pair that no other instance has.
func Choose(o *world.Observation, a *answers.Answers) error {
	if !a.Ports.AutoWeb && !a.Ports.AutoWebSocket {
		return nil
	}
	pair := Now(o)
	if !pair.Whole() {
		i := slices.IndexFunc(Pairs(o, *a), func(p Pair) bool { return p.isFree(o, *a) })
		if i < 0 {
			return finding.Named(finding.HostNotReady, "port-taken", "no free pair of ports was found from %d and %d on: name two with `ports: {web: N, websocket: N}`", a.Ports.Web, a.Ports.WebSocket)
		}
		pair = Pairs(o, *a)[i]
	}
	if a.Ports.AutoWeb {
		a.Ports.Web = pair.Web
	}
	if a.Ports.AutoWebSocket {
		a.Ports.WebSocket = pair.Socket
	}
	return nil
}

// Pair is the two ports of an instance.
type Pair struct{ Web, Socket int }

// Whole reports whether both ports are known.
func (p Pair) Whole() bool { return p.Web != 0 && p.Socket != 0 }

// Open are those of the pair that the answers leave open.
func (p Pair) Open(a answers.Answers) (out []int) {
	if a.Ports.AutoWeb {
		out = append(out, p.Web)
	}
	if a.Ports.AutoWebSocket {
		out = append(out, p.Socket)
	}
	return out
}

// isFree reports whether nobody has the ports of a pair, as far as it was looked
// at.
func (p Pair) isFree(o *world.Observation, a answers.Answers) bool {
	return !AsksFree(o) || !slices.ContainsFunc(p.Open(a), func(port int) bool { return !o.FreePorts[port] })
}

// Now are those that the instance has: of its container, or of its last answers.
func Now(o *world.Observation) Pair {
	if c := o.Container(); c != nil {
		_, web := c.Published(openalgo.WebPort)
		_, socket := c.Published(openalgo.WebSocketPort)
		return Pair{web, socket}
	}
	if saved, problems := answers.ParseSaved(o.AnswersText); o.AnswersText != nil && len(problems) == 0 {
		return Pair{saved.Ports.Web, saved.Ports.WebSocket}
	}
	return Pair{}
}

// AsksFree reports whether this machine is asked for free ports. Of the first
// instance whoever has them is named; on another machine nobody can ask.
func AsksFree(o *world.Observation) bool { return o.Project != settings.FirstProject && o.Engine.Local }

// mostInstances is how many pairs of ports are looked at.
const mostInstances = 500

// Pairs are the pairs that no other instance has, the best first.
func Pairs(o *world.Observation, a answers.Answers) (out []Pair) {
	taken := map[int]bool{}
	for _, c := range o.All {
		for _, p := range c.Ports {
			taken[p.HostPort] = true
		}
	}
	for n := range mostInstances {
		pair := Pair{a.Ports.Web + n, a.Ports.WebSocket + n}
		if !slices.ContainsFunc(pair.Open(a), func(port int) bool { return taken[port] }) {
			out = append(out, pair)
		}
	}
	return out
}
