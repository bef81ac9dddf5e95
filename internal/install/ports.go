package install

import (
	"context"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// firstProject is the instance in the default directory: it has the ports and
// cookies that OpenAlgo's own documents name.
const firstProject = "openalgo"

// choosePorts fills in the ports that the answers leave open: those that this
// instance has already, else the first pair that no other instance has.
func (in *Installer) choosePorts(ctx context.Context, o *observed, a *answers.Answers) error {
	if !a.Ports.AutoWeb && !a.Ports.AutoWebSocket {
		return nil
	}
	web, socket := in.portsNow(o)
	if web == 0 || socket == 0 {
		var err error
		if web, socket, err = in.freePair(ctx, o, *a); err != nil {
			return err
		}
	}
	if a.Ports.AutoWeb {
		a.Ports.Web = web
	}
	if a.Ports.AutoWebSocket {
		a.Ports.WebSocket = socket
	}
	return nil
}

// portsNow are those that the instance has: of its container, or of its last answers.
func (in *Installer) portsNow(o *observed) (web, socket int) {
	if c := o.container(); c != nil {
		_, web = portOf(*c, openalgo.WebPort)
		_, socket = portOf(*c, openalgo.WebSocketPort)
		return web, socket
	}
	if saved, problems := answers.ParseSaved(o.answersText); o.answersText != nil && len(problems) == 0 {
		return saved.Ports.Web, saved.Ports.WebSocket
	}
	return 0, 0
}

// mostInstances is how many pairs of ports are looked at.
const mostInstances = 500

func (in *Installer) freePair(ctx context.Context, o *observed, a answers.Answers) (web, socket int, err error) {
	taken := map[int]bool{}
	for _, c := range o.all {
		for _, p := range c.Ports {
			taken[p.HostPort] = true
		}
	}
	free := func(port int) bool {
		if taken[port] {
			return false
		}
		if o.project == firstProject || !in.Engine.Info().Local {
			return true // whoever else has it is named by the preflight
		}
		holder, err := host.PortHolder(ctx, a.Ports.Bind, port)
		return err == nil && holder.Free && in.containerOnPort(ctx, port) == ""
	}
	for n := range mostInstances {
		web, socket = a.Ports.Web+n, a.Ports.WebSocket+n
		if (free(web) || !a.Ports.AutoWeb) && (free(socket) || !a.Ports.AutoWebSocket) {
			return web, socket, nil
		}
	}
	return 0, 0, finding.Errorf(finding.HostNotReady, "no free pair of ports was found from %d and %d on: name two with `ports: {web: N, websocket: N}`", a.Ports.Web, a.Ports.WebSocket)
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
