package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/versions"
)

// CreateCopy creates a container like another one, attached to its networks,
// and does not start it: the engine's own record of the original is used, so
// that nothing in it is lost. The image is the one that the original runs,
// whatever its tag says now. Errors are those of Create.
func (e containers) CreateCopy(ctx context.Context, id, name string, c Changes) (string, error) {
	ctx, cancel := e.change(ctx)
	defer cancel()
	doing := "create container " + name
	r, err := e.api.ContainerInspect(ctx, id)
	if err != nil {
		return "", e.explain(ctx, doing, err)
	}
	if r.Config == nil || r.HostConfig == nil || r.NetworkSettings == nil {
		return "", fmt.Errorf("%s: Docker does not tell how container %s was created", doing, short(id))
	}
	config, host := *r.Config, *r.HostConfig
	config.Env = withEnv(config.Env, c.Env)
	config.Labels = maps.Clone(config.Labels)
	for label, value := range c.Labels {
		config.Labels[label] = value
	}
	config.Hostname = ownHostname(config.Hostname, r.ID)
	if current, err := images(e).Image(ctx, config.Image); err != nil || current.ID != r.Image {
		config.Image = r.Image
	}
	keepAnonymous(&host, r.Mounts)
	if c.ShmBytes != 0 {
		host.ShmSize = c.ShmBytes
	}
	return e.createOn(ctx, doing, name, &config, &host, endpointsOf(r))
}

// keepAnonymous gives the copy the volumes of the original that have no name in
// its configuration: it would get new and empty ones.
func keepAnonymous(host *container.HostConfig, mounts []container.MountPoint) {
	host.Mounts = slices.Clone(host.Mounts)
	for _, m := range mounts {
		if m.Type != mount.TypeVolume {
			continue
		}
		bound := slices.ContainsFunc(host.Binds, func(bind string) bool {
			source, rest, named := strings.Cut(bind, ":")
			target, _, _ := strings.Cut(rest, ":")
			return named && source != "" && target == m.Destination
		})
		i := slices.IndexFunc(host.Mounts, func(asked mount.Mount) bool { return asked.Target == m.Destination })
		switch {
		case i >= 0:
			host.Mounts[i].Source = m.Name
		case !bound:
			host.Mounts = append(host.Mounts, mount.Mount{Type: mount.TypeVolume, Source: m.Name, Target: m.Destination, ReadOnly: !m.RW})
		}
	}
}

// createOn creates a container on several networks; engines before API 1.44
// take one at the creation, so the others follow.
func (e containers) createOn(ctx context.Context, doing, name string, config *container.Config, host *container.HostConfig,
	endpoints map[string]*network.EndpointSettings,
) (string, error) {
	var first *network.NetworkingConfig
	main := string(host.NetworkMode)
	if endpoint := endpoints[main]; endpoint != nil {
		if versions.LessThan(e.info.APIVersion, "1.44") {
			endpoint.MacAddress = "" // older engines take the address from the container's config
		}
		first = &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{main: endpoint}}
	}
	created, err := e.api.ContainerCreate(ctx, config, host, first, nil, name)
	if err != nil {
		return "", e.explain(ctx, doing, err)
	}
	for other, endpoint := range endpoints {
		if other == main {
			continue
		}
		if err := e.api.NetworkConnect(ctx, other, created.ID, endpoint); err != nil {
			err = e.explain(ctx, "connect container "+name+" to network "+other, err)
			return "", errors.Join(err, e.Remove(context.WithoutCancel(ctx), created.ID))
		}
	}
	return created.ID, nil
}

// endpointsOf are the networks as somebody asked for them: without what the
// engine itself gave out, and without the original's own names.
func endpointsOf(r container.InspectResponse) map[string]*network.EndpointSettings {
	out := map[string]*network.EndpointSettings{}
	for name, have := range r.NetworkSettings.Networks {
		if slices.Contains([]string{"bridge", "default", "host", "none"}, name) && have.IPAMConfig == nil {
			continue // nothing was asked for, and these take no aliases
		}
		out[name] = &network.EndpointSettings{
			IPAMConfig: have.IPAMConfig, Links: have.Links, DriverOpts: have.DriverOpts,
			Aliases: slices.DeleteFunc(slices.Clone(have.Aliases), func(alias string) bool { return strings.HasPrefix(r.ID, alias) }),
		}
	}
	return out
}

// ownHostname drops the name that the engine made out of the container's ID.
func ownHostname(name, id string) string {
	if strings.HasPrefix(id, name) {
		return ""
	}
	return name
}

func withEnv(env []string, set map[string]string) []string {
	var out []string
	for _, pair := range env {
		key, _, _ := strings.Cut(pair, "=")
		if _, changed := set[key]; !changed {
			out = append(out, pair)
		}
	}
	for key, value := range set {
		out = append(out, key+"="+value)
	}
	slices.Sort(out)
	return out
}
