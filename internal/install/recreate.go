package install

import (
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
)

func recreateReasons(c *engine.Container, p *Plan) []string {
	var reasons []string
	if p.env.changes() {
		reasons = append(reasons, "a running container does not see the new .env")
	}
	if p.imageID != c.ImageID {
		reasons = append(reasons, "another image")
	}
	spec := p.stack.Spec(p.imageID)
	if c.Labels[compose.LabelHash] != p.stack.Hash {
		reasons = append(reasons, "its configuration differs"+differences(c, spec))
	} else if other := otherVolumes(c, spec); len(other) > 0 {
		// The hash has a volume's key in the file, not its name.
		reasons = append(reasons, "other volumes ("+strings.Join(other, ", ")+")")
	}
	if c.Name != p.stack.ContainerName() {
		reasons = append(reasons, "it is called "+c.Name)
	}
	return reasons
}

// otherVolumes names where the container has another volume than its spec.
func otherVolumes(c *engine.Container, spec engine.ContainerSpec) []string {
	var out []string
	for _, want := range spec.Mounts {
		if want.Type != "volume" || want.Source == "" {
			continue
		}
		if !slices.ContainsFunc(c.Mounts, func(have engine.Mount) bool { return have.Target == want.Target && have.Name == want.Source }) {
			out = append(out, want.Target)
		}
	}
	return out
}

// differences names what is easy to name between a container and its spec.
func differences(c *engine.Container, spec engine.ContainerSpec) string {
	var out []string
	for _, want := range spec.Env {
		if !slices.Contains(c.Env, want) {
			key, _, _ := strings.Cut(want, "=")
			out = append(out, key)
		}
	}
	if spec.ShmBytes != 0 && spec.ShmBytes != c.ShmBytes {
		out = append(out, "shared memory")
	}
	for _, m := range spec.Mounts {
		if !slices.ContainsFunc(c.Mounts, func(have engine.Mount) bool {
			return have.Target == m.Target && (have.Source == m.Source || have.Name == m.Source)
		}) {
			out = append(out, "mount of "+m.Target)
		}
	}
	for _, want := range spec.Ports {
		if !slices.ContainsFunc(c.Ports, func(have engine.PortBinding) bool {
			return have.HostPort == want.HostPort && have.ContainerPort == want.ContainerPort && have.HostIP == want.HostIP
		}) {
			out = append(out, fmt.Sprintf("port %d", want.HostPort))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return " (" + strings.Join(out, ", ") + ")"
}
