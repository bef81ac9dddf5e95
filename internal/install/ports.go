package install

import (
	"errors"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// firstProject is the instance in the default directory: it has the ports and
// cookies that OpenAlgo's own documents name.
const firstProject = "openalgo"

// choosePorts fills in the ports that the answers leave open: those that this
// instance has already, else the first pair that no other instance has.
func choosePorts(o *observed, a *answers.Answers) error {
	if !a.Ports.AutoWeb && !a.Ports.AutoWebSocket {
		return nil
	}
	pair := portsNow(o)
	if !pair.whole() {
		i := slices.IndexFunc(portPairs(o, *a), func(p portPair) bool { return p.isFree(o, *a) })
		if i < 0 {
			return finding.Errorf(finding.HostNotReady, "no free pair of ports was found from %d and %d on: name two with `ports: {web: N, websocket: N}`", a.Ports.Web, a.Ports.WebSocket)
		}
		pair = portPairs(o, *a)[i]
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

func (p portPair) whole() bool { return p.web != 0 && p.socket != 0 }

// open are those of the pair that the answers leave open.
func (p portPair) open(a answers.Answers) (out []int) {
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
func (p portPair) isFree(o *observed, a answers.Answers) bool {
	return !asksFree(o) || !slices.ContainsFunc(p.open(a), func(port int) bool { return !o.FreePorts[port] })
}

// portsNow are those that the instance has: of its container, or of its last answers.
func portsNow(o *observed) portPair {
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

// asksFree reports whether this machine is asked for free ports. Of the first
// instance whoever has them is named; on another machine nobody can ask.
func asksFree(o *observed) bool { return o.Project != firstProject && o.Engine.Local }

// mostInstances is how many pairs of ports are looked at.
const mostInstances = 500

// portPairs are the pairs that no other instance has, the best first.
func portPairs(o *observed, a answers.Answers) (out []portPair) {
	taken := map[int]bool{}
	for _, c := range o.All {
		for _, p := range c.Ports {
			taken[p.HostPort] = true
		}
	}
	for n := range mostInstances {
		pair := portPair{a.Ports.Web + n, a.Ports.WebSocket + n}
		if !slices.ContainsFunc(pair.open(a), func(port int) bool { return taken[port] }) {
			out = append(out, pair)
		}
	}
	return out
}

// errPortTaken is the cause of a preflight that failed for a port which somebody
// has.
var errPortTaken = errors.New("a port is taken")

// portsToAsk are the published ports that neither the stack nor another container
// has. On a remote engine only the start can tell.
func portsToAsk(o *observed, p *Plan) (out []portAsked) {
	for _, want := range portsWanted(o, p) {
		if o.PublishedBy(want.Port) == "" {
			out = append(out, want)
		}
	}
	return out
}

// portsWanted are the published ports that the stack does not hold itself.
func portsWanted(o *observed, p *Plan) (out []portAsked) {
	for _, want := range p.stack.Ports() {
		if o.Engine.Local && want.HostPort != 0 && want.Protocol != "udp" && !heldByStack(o, want.HostPort) {
			out = append(out, portAsked{Address: want.HostIP, Port: want.HostPort})
		}
	}
	return out
}

func heldByStack(o *observed, port int) bool {
	return slices.ContainsFunc(o.Containers, func(c spec.Container) bool { return isUp(c) && world.Publishes(c, port) })
}

// preflightPorts refuses ports that somebody has.
func preflightPorts(o *observed, p *Plan, ps *problems) (cause error) {
	for _, want := range portsWanted(o, p) {
		who, err := o.PortHolder(want)
		switch {
		case err != nil:
			ps.add("checking port %d: %v", want.Port, err)
		case who != "":
			cause = errPortTaken
			ps.add("port %d is taken by %s: stop it, or choose another port in the answers (ports: {web: N, websocket: N})", want.Port, who)
		}
	}
	return cause
}

// cookieSettings give a further instance cookies of its own: a browser tells
// two instances on one host apart by the cookie's name alone, not by the port.
// Those of an instance that is there stay, or everybody would be logged out.
func cookieSettings(a answers.Answers, project string, fresh bool) []setting {
	if !fresh || project == firstProject {
		return nil
	}
	var out []setting
	for _, key := range []string{"SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"} {
		if _, given := a.Env[key]; given {
			continue
		}
		base := map[string]string{"SESSION_COOKIE_NAME": "session", "CSRF_COOKIE_NAME": "csrf_token"}[key]
		out = append(out, setting{Key: key, Value: secret.New(base + "_" + strings.ReplaceAll(project, "-", "_"))})
	}
	return out
}
