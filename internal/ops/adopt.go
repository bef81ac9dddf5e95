package ops

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Adopt takes over a stack that another tool made: the same .env and keys, the
// same data where it is, the same image, ports and domain; one recreate,
// verified, and the previous container back when that fails. With toVolumes the
// data that is in directories is copied into volumes; the directories stay.
func Adopt(toVolumes bool) Command {
	return Command{Name: plan.CommandAdopt, look: lookToAdopt, settle: true, Wish: func(o *world.Observation) (plan.Intent, error) {
		return adopted(o, toVolumes)
	}}
}

// lookToAdopt looks at the stack that is here, and how it was made.
func lookToAdopt(ctx context.Context, l *world.Looker) (*world.Observation, error) {
	s, err := l.Dir.LoadState()
	if err != nil {
		return nil, err
	}
	if s.IsOurs() {
		return nil, finding.Named(finding.HostNotReady, "adopted-already", "the OpenAlgo in %s is this program's already: there is nothing to adopt", string(l.Dir))
	}
	o, err := l.Look(ctx, true)
	if err != nil {
		return nil, err
	}
	return o, l.LookAtMade(ctx, o)
}

// adopted is the wish for the stack that is here, as it would have been
// installed.
func adopted(o *world.Observation, toVolumes bool) (plan.Intent, error) {
	i := plan.Intent{Command: plan.CommandAdopt, Files: plan.Theirs}
	c := o.Container()
	if !stacks.IsUp(*c) {
		return i, finding.Named(finding.HostNotReady, "not-running", "%s is %s, and taking over proves itself by a start", c.Name, c.State).
			With(finding.Shell("Start it first", "docker start "+c.Name))
	}
	i.Env.TakenOver = settings.FromEnvironment(o.Env, c.Env, o.Made.ImageEnv)
	env, err := settings.With(o.Env, i.Env.TakenOver)
	if err == nil {
		i.Answers, err = answersOf(o, env)
	}
	if err != nil {
		return i, err
	}
	if toVolumes {
		if err := guard.MayCopy(o, "moving data into volumes"); err != nil {
			return i, err
		}
		i.Data = plan.ToVolumes
		maps.DeleteFunc(i.Answers.Data, func(_, place string) bool { return strings.HasPrefix(place, "/") })
	}
	i.Image.Keep = &plan.Kept{Ref: c.Image}
	i.Answers.Image = o.Made.Source
	text := found(o, i.Answers)
	if o.Made.How != "" {
		text += "\n  " + o.Made.How
	}
	i.Notes = append(i.Notes, text)
	if problems := i.Answers.Check(); len(problems) > 0 {
		return i, finding.Named(finding.HostNotReady, "answers-invalid", "this OpenAlgo can't be adopted as it is: %w", &answers.Invalid{Problems: problems})
	}
	return i, nil
}

// answersOf reads the answers out of .env and the container.
func answersOf(o *world.Observation, env *envfile.File) (answers.Answers, error) {
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
		return a, finding.Named(finding.HostNotReady, "ports-unpublished", "%s does not publish the ports %d and %d, so nobody can reach it by this program's ways", c.Name, openalgo.WebPort, openalgo.WebSocketPort)
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

// found tells a person what is taken over.
func found(o *world.Observation, a answers.Answers) string {
	c := o.Container()
	by := "docker run"
	if project := c.Labels[compose.LabelProject]; project != "" {
		by = "Docker Compose, project " + project
	}
	text := fmt.Sprintf("found %s (made by %s) from the image %s, %s on port %d", c.Name, by, c.Image, a.Ports.Bind, a.Ports.Web)
	if a.Domain != "" {
		text += ", served as https://" + a.Domain
	}
	for _, m := range c.Mounts {
		if plan.CarriedOver(m) {
			text += "\n  " + m.Target + " is in " + cmp.Or(m.Name, m.Source)
		} else {
			text += "\n  " + m.Target + " (" + cmp.Or(m.Name, m.Source) + ") is not OpenAlgo's and is not carried over: put it into docker-compose.override.yaml"
		}
	}
	return text
}
