package stacks

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	engine "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// OtherVolumes names where the container has another volume than its spec.
func OtherVolumes(c engine.Container, spec engine.ContainerSpec) []string {
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

// Differences names what is easy to name between a container and its spec.
func Differences(c engine.Container, spec engine.ContainerSpec) string {
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

// OwnerHere is the user of this machine that a stack's container runs as; false
// where only Docker knows.
func OwnerHere(info engine.Info, user string) (int, bool) { return info.UserHere(UserOf(user)) }

// UserOf is the user that a stack's container runs as.
func UserOf(user string) int {
	user, _, _ = strings.Cut(user, ":")
	if uid, err := strconv.Atoi(user); err == nil {
		return uid
	}
	return openalgo.User
}
