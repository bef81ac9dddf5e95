package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// planDropped names what the previous container of an adopted stack has and the
// new one has not: a person decides whether it is missed. Never a value.
func planDropped(o *world.Observation, p *Plan) {
	if !p.Intent.Adopts() {
		return
	}
	c, spec := o.Container(), p.Stack.Spec("")
	options := slices.Clone(o.Made.Options)
	if o.Override != nil {
		options = nil // that is where they belong, and they may be in it
	}
	for _, key := range droppedEnv(o, *c, spec) {
		if slices.ContainsFunc(p.Intent.Env.TakenOver, func(v settings.Var) bool { return v.Key == key }) {
			continue // .env gets it
		}
		options = append(options, "-e "+key)
	}
	for _, port := range c.Ports {
		if !slices.ContainsFunc(spec.Ports, func(new docker.PortBinding) bool { return new.ContainerPort == port.ContainerPort }) {
			options = append(options, fmt.Sprintf("-p %d:%d", port.HostPort, port.ContainerPort))
		}
	}
	for _, m := range c.Mounts {
		if !slices.ContainsFunc(spec.Mounts, func(new docker.Mount) bool { return new.Target == m.Target }) {
			options = append(options, "-v "+cmp.Or(m.Name, m.Source)+":"+m.Target)
		}
	}
	if len(options) > 0 {
		p.Warn(finding.Warn("options-dropped", "the new container lacks some settings of %s: %s. Add those that you need to %s/docker-compose.override.yaml, now or "+
			"later. Docker's record of the previous container is kept as .openalgo-install/backups/container.json.*", c.Name, strings.Join(options, ", "), string(o.Dir)))
	}
}

// droppedEnv are variables that neither the image, .env nor the new container has.
func droppedEnv(o *world.Observation, c docker.Container, spec docker.ContainerSpec) (out []string) {
	known := append(o.Engine.Proxied(spec.Env), o.Made.ImageEnv...)
	for _, pair := range c.Env {
		key, _, _ := strings.Cut(pair, "=")
		_, inFile := o.Env.Get(key)
		if !inFile && !slices.ContainsFunc(known, func(have string) bool { return strings.HasPrefix(have, key+"=") }) {
			out = append(out, key)
		}
	}
	return out
}
