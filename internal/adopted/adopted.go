// Package adopted reads what another tool's stack was made with, as answers of an
// install.
package adopted

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Answers reads the answers out of .env and the container.
func Answers(o *world.Observation, env *envfile.File) (answers.Answers, error) {
	c := o.Container()
	a, _ := answers.ParseSaved([]byte("version: 1\n"))
	a.TLS.Mode = "off" // what serves the domain now goes on with it
	get := func(key string) string { value, _ := env.Get(key); return value }
	if origin, err := url.Parse(get("HOST_SERVER")); err == nil && origin.Scheme == "https" {
		a.Domain = origin.Hostname()
	}
	a.Broker.Name = settings.BrokerOf(env)
	if err := settings.KnownBroker(env); err != nil {
		return a, err
	}
	settings.ReadCredentials(&a, env)
	a.RemoteMCP.Enabled = strings.EqualFold(get("MCP_HTTP_ENABLED"), "true")
	a.RemoteMCP.WriteOrders = a.RemoteMCP.Enabled && strings.EqualFold(get("MCP_OAUTH_WRITE_SCOPE_ENABLED"), "true")
	a.RemoteMCP.RequireApproval = strings.EqualFold(get("MCP_OAUTH_REQUIRE_APPROVAL"), "true")

	bind, web := c.Published(openalgo.WebPort)
	_, socket := c.Published(openalgo.WebSocketPort)
	if web == 0 || socket == 0 {
		return a, finding.Named(finding.HostNotReady, "ports-unpublished", "%s does not publish the ports %d and %d, which openalgo-install needs", c.Name, openalgo.WebPort, openalgo.WebSocketPort)
	}
	a.Ports = answers.Ports{Web: web, WebSocket: socket, Bind: bind}
	if bind == "" {
		a.Ports.Bind = "0.0.0.0"
	}
	a.Data = dataOf(o.Project, *c)
	return a, nil
}

// dataOf says where each data directory is, as far as it is not where this
// program would put it.
func dataOf(project string, c engine.Container) map[string]string {
	out := map[string]string{}
	for _, m := range c.Mounts {
		name, ok := openalgo.TreeOf(m.Target)
		if !ok {
			continue
		}
		switch {
		case m.Type == "bind":
			out[name] = m.Source
		case m.Type == "volume" && (m.Name != project+"_openalgo_"+name || c.Labels[compose.LabelProject] != project):
			out[name] = m.Name
		}
	}
	return out
}

// Describe tells a person what is taken over.
func Describe(o *world.Observation, a answers.Answers) string {
	c := o.Container()
	by := "docker run"
	if project := c.Labels[compose.LabelProject]; project != "" {
		by = "Docker Compose, project " + project
	}
	text := fmt.Sprintf("found %s (created by %s) with the image %s, broker %s, on port %d", c.Name, by, c.Image, a.Ports.Bind, a.Ports.Web)
	if a.Domain != "" {
		text += ", served as https://" + a.Domain
	}
	for _, m := range c.Mounts {
		if isCarriedOver(m) {
			text += "\n  " + m.Target + " is in " + cmp.Or(m.Name, m.Source)
		} else {
			text += "\n  " + m.Target + " (" + cmp.Or(m.Name, m.Source) + ") is not part of OpenAlgo and is not taken over. To keep it, add it to docker-compose.override.yaml"
		}
	}
	return text
}

// isCarriedOver reports whether a mount of the previous container is one of OpenAlgo's.
func isCarriedOver(m engine.Mount) bool {
	_, ok := openalgo.TreeOf(m.Target)
	return ok || m.Target == openalgo.Env
}
