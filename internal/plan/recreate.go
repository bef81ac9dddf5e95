package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
)

func recreateReasons(c *docker.Container, p *Plan) []string {
	var reasons []string
	if p.Env.Changes() {
		reasons = append(reasons, "a running container does not see the new .env")
	}
	if p.ImageID != c.ImageID {
		reasons = append(reasons, "another image")
	}
	spec := p.Stack.Spec(p.ImageID)
	if c.Labels[compose.LabelHash] != p.Stack.Hash {
		reasons = append(reasons, "its configuration differs"+differences(c, spec))
	} else if other := otherVolumes(c, spec); len(other) > 0 {
		// The hash has a volume's key in the file, not its name.
		reasons = append(reasons, "other volumes ("+strings.Join(other, ", ")+")")
	}
	if c.Name != p.Stack.ContainerName() {
		reasons = append(reasons, "it is called "+c.Name)
	}
	return reasons
}

// otherVolumes names where the container has another volume than its spec.
func otherVolumes(c *docker.Container, spec docker.ContainerSpec) []string {
	var out []string
	for _, want := range spec.Mounts {
		if want.Type != "volume" || want.Source == "" {
			continue
		}
		if !slices.ContainsFunc(c.Mounts, func(have docker.Mount) bool { return have.Target == want.Target && have.Name == want.Source }) {
			out = append(out, want.Target)
		}
	}
	return out
}

// differences names what is easy to name between a container and its spec.
func differences(c *docker.Container, spec docker.ContainerSpec) string {
	var out []string
	for _, want := range spec.Env {
		if !slices.Contains(c.Env, want) {
			key, _, _ := strings.Cut(want, "=")
			out = append(out, key)
		}
	}
	if spec.Host.ShmSize != 0 && spec.Host.ShmSize != c.ShmBytes {
		out = append(out, "shared memory")
	}
	for _, m := range spec.Mounts {
		if !slices.ContainsFunc(c.Mounts, func(have docker.Mount) bool {
			return have.Target == m.Target && (have.Source == m.Source || have.Name == m.Source)
		}) {
			out = append(out, "mount of "+m.Target)
		}
	}
	for _, want := range spec.Ports {
		if !slices.ContainsFunc(c.Ports, func(have docker.PortBinding) bool {
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
