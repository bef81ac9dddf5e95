package install

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// planDropped names what the former container of an adopted stack has and the
// new one has not: a person decides whether it is missed. Never a value.
func planDropped(o *observed, p *Plan) {
	if !p.intent.adopts() {
		return
	}
	c, spec := o.Container(), p.stack.Spec("")
	options := slices.Clone(o.Made.Options)
	if o.Override != nil {
		options = nil // that is where they belong, and they may be in it
	}
	for _, key := range droppedEnv(o, *c, spec) {
		options = append(options, "-e "+key)
	}
	for _, port := range c.Ports {
		if !slices.ContainsFunc(spec.Ports, func(new engine.PortBinding) bool { return new.ContainerPort == port.ContainerPort }) {
			options = append(options, fmt.Sprintf("-p %d:%d", port.HostPort, port.ContainerPort))
		}
	}
	for _, m := range c.Mounts {
		if !slices.ContainsFunc(spec.Mounts, func(new engine.Mount) bool { return new.Target == m.Target }) {
			options = append(options, "-v "+cmp.Or(m.Name, m.Source)+":"+m.Target)
		}
	}
	if len(options) > 0 {
		p.warn("%s was made with more than the new container has: %s. What is still wanted belongs into %s/docker-compose.override.yaml, before or after; "+
			"the engine's record of the former container is kept as .openalgo-install/backups/container.json.*", c.Name, strings.Join(options, ", "), string(o.Dir))
	}
}

// droppedEnv are variables that neither the image, .env nor the new container has.
func droppedEnv(o *observed, c engine.Container, spec engine.ContainerSpec) (out []string) {
	known := append(slices.Clone(spec.Env), o.Made.ImageEnv...)
	for _, pair := range c.Env {
		key, _, _ := strings.Cut(pair, "=")
		_, inFile := o.Env.Get(key)
		if !inFile && !slices.ContainsFunc(known, func(have string) bool { return strings.HasPrefix(have, key+"=") }) {
			out = append(out, key)
		}
	}
	return out
}

// keepRecord keeps the engine's record of the container that goes.
func (r *changes) keepRecord(ctx context.Context) error {
	_, record, err := r.in.Engine.Beyond(ctx, r.old.ID)
	if err != nil {
		return err
	}
	_, err = r.in.dir.Keep("container.json", record)
	return err
}

// carriedOver reports whether a mount of the former container is one of the app's.
func carriedOver(m engine.Mount) bool {
	_, ok := openalgo.TreeOf(m.Target)
	return ok || m.Target == openalgo.Env
}
