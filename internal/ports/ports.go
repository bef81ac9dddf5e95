// Package ports chooses the ports that the answers leave open.
package ports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
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
			return finding.Named(finding.HostNotReady, "port-taken", "no free pair of ports was found from %d and %d on", a.Ports.Web, a.Ports.WebSocket).
				With(finding.Answer("Name two", "ports: {web: N, websocket: N}", `Name two on the page "Options"`))
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
	return o.FreePorts == nil || !slices.ContainsFunc(p.Open(a), func(port int) bool { return !o.FreePorts[port] })
}

// Other is the first free pair in place of ports that the answers name; false where
// nobody looked for one.
func Other(o *world.Observation, a answers.Answers) (Pair, bool) {
	if o.FreePorts == nil {
		return Pair{}, false
	}
	a.Ports.AutoWeb, a.Ports.AutoWebSocket = true, true
	for _, pair := range Pairs(o, a) {
		if pair.isFree(o, a) {
			return pair, true
		}
	}
	return Pair{}, false
}

// Taken says who has the usual ports, where they would be free otherwise; "" for nobody.
func Taken(o *world.Observation, a answers.Answers) string {
	if Now(o).Whole() {
		return ""
	}
	var taken []string
	for port, is := range map[int]bool{openalgo.WebPort: a.Ports.AutoWeb, openalgo.WebSocketPort: a.Ports.AutoWebSocket} {
		if who := o.PortsHeld[port]; is && who != "" {
			taken = append(taken, fmt.Sprintf("port %d is taken by %s", port, who))
		}
	}
	slices.Sort(taken)
	return strings.Join(taken, ", ")
}

// Moved warns where the ports are not the usual ones, and says why.
func Moved(o *world.Observation, a answers.Answers) finding.Warnings {
	taken := Taken(o, a)
	if taken == "" {
		return nil
	}
	return finding.Warnings{finding.Warn("port-moved", "%s, so this instance gets the ports %d and %d", taken, a.Ports.Web, a.Ports.WebSocket)}
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

// AsksFree reports whether this machine is asked for free ports: where ports are to
// be chosen, or are named and may be taken. On another machine nobody can ask.
func AsksFree(o *world.Observation, a answers.Answers) bool {
	now := Now(o)
	if !a.Ports.AutoWeb && !a.Ports.AutoWebSocket {
		return o.Engine.Local && now != Pair{a.Ports.Web, a.Ports.WebSocket}
	}
	return o.Engine.Local && !now.Whole()
}

// Asked are the ports to ask for, the best first: those that are named, and what
// could take their place.
func Asked(o *world.Observation, a answers.Answers) (out [][]int) {
	if !a.Ports.AutoWeb && !a.Ports.AutoWebSocket {
		a.Ports.AutoWeb, a.Ports.AutoWebSocket = true, true
		out = append(out, []int{a.Ports.Web, a.Ports.WebSocket})
	}
	for _, pair := range Pairs(o, a) {
		out = append(out, pair.Open(a))
	}
	return out
}

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
