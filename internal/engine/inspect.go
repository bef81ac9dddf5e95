package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/go-connections/nat"
	"github.com/docker/go-units"

	"github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/order"
)

// Container looks at one container; ErrNotFound when there is none.
func (e containers) Container(ctx context.Context, nameOrID string) (Container, error) {
	if look := oneLookOf(ctx); look != nil {
		if c, seen := look.container(nameOrID); seen {
			return c, nil
		}
	}
	return inspect(ctx, e, nameOrID)
}

func inspect(ctx context.Context, e containers, nameOrID string) (Container, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	r, err := e.api.ContainerInspect(ctx, nameOrID)
	if err != nil {
		return Container{}, e.explain(ctx, "look at container "+short(nameOrID), err)
	}
	return fromInspect(r), nil
}

// Containers looks at all containers, running or not, that carry every label
// ("key" or "key=value"), sorted by name.
func (e containers) Containers(ctx context.Context, labels ...string) ([]Container, error) {
	if look := oneLookOf(ctx); look != nil && len(labels) == 0 {
		return look.all(func() ([]Container, error) { return list(ctx, e, nil) })
	}
	return list(ctx, e, labels)
}

func list(ctx context.Context, e containers, labels []string) ([]Container, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	all, err := e.api.ContainerList(ctx, container.ListOptions{All: true, Filters: labelFilter(labels)})
	if err != nil {
		return nil, e.explain(ctx, "list containers", err)
	}
	var ids []string
	for _, summary := range all {
		ids = append(ids, summary.ID)
	}
	out, err := lookAtEach(ctx, ids, func(ctx context.Context, id string) (Container, error) { return inspect(ctx, e, id) })
	if err != nil {
		return nil, err
	}
	order.By(out, func(a, b Container) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

func labelFilter(labels []string) filters.Args {
	args := filters.NewArgs()
	for _, label := range labels {
		args.Add("label", label)
	}
	return args
}

func fromInspect(r container.InspectResponse) Container {
	c := Container{
		ID: r.ID, Name: strings.TrimPrefix(r.Name, "/"), ImageID: r.Image, RestartCount: r.RestartCount,
		Created: parseTime(r.Created), Mounts: mountsOf(r),
	}
	if config := r.Config; config != nil {
		c.Image, c.Labels, c.Env, c.User = config.Image, config.Labels, config.Env, config.User
		if config.StopTimeout != nil {
			c.StopGrace = time.Duration(*config.StopTimeout) * time.Second
		}
	}
	if state := r.State; state != nil {
		c.State, c.ExitCode, c.OOMKilled = string(state.Status), state.ExitCode, state.OOMKilled
		c.Error, c.Pid = state.Error, state.Pid
		c.StartedAt, c.FinishedAt = parseTime(state.StartedAt), parseTime(state.FinishedAt)
		if h := state.Health; h != nil && string(h.Status) != "none" {
			c.Health, c.HealthLog = healthOf(h)
		}
	}
	if host := r.HostConfig; host != nil {
		c.ShmBytes, c.MemoryBytes = host.ShmSize, host.Memory
		c.Log = logOf(host.LogConfig, r.LogPath)
		c.Restart, c.OwnUsers = spec.RestartText(host.RestartPolicy), host.UsernsMode == "private"
	}
	if settings := r.NetworkSettings; settings != nil {
		c.Networks = slices.Sorted(maps.Keys(settings.Networks))
	}
	c.Ports = portsOf(r)
	return c
}

func logOf(config container.LogConfig, path string) Log {
	l := Log{Driver: config.Type, Path: path}
	l.MaxBytes, _ = units.RAMInBytes(config.Config["max-size"])
	l.MaxBytes = max(l.MaxBytes, 0) // -1 is none
	l.MaxFiles, _ = strconv.Atoi(config.Config["max-file"])
	return l
}

// portsOf reads the configured ports; where the engine chose the number and
// the container runs, the chosen one.
func portsOf(r container.InspectResponse) []PortBinding {
	if r.HostConfig == nil {
		return nil
	}
	var out []PortBinding
	for port, bindings := range r.HostConfig.PortBindings {
		for i, b := range bindings {
			if b.HostPort == "" || b.HostPort == "0" {
				b.HostPort = chosenPort(r, port, i)
			}
			host, _ := strconv.Atoi(b.HostPort)
			out = append(out, PortBinding{
				HostIP: b.HostIP, HostPort: host, ContainerPort: port.Int(), Protocol: port.Proto(),
			})
		}
	}
	order.By(out, func(a, b PortBinding) int {
		return cmp.Or(cmp.Compare(a.ContainerPort, b.ContainerPort), cmp.Compare(a.Protocol, b.Protocol),
			cmp.Compare(a.HostPort, b.HostPort), cmp.Compare(a.HostIP, b.HostIP))
	})
	return out
}

func chosenPort(r container.InspectResponse, port nat.Port, i int) string {
	if r.NetworkSettings == nil || i >= len(r.NetworkSettings.Ports[port]) {
		return ""
	}
	return r.NetworkSettings.Ports[port][i].HostPort
}

func mountsOf(r container.InspectResponse) []Mount {
	asked := map[string]mount.Mount{}
	if r.HostConfig != nil {
		for _, m := range r.HostConfig.Mounts {
			asked[m.Target] = m
		}
	}
	var out []Mount
	for _, m := range r.Mounts {
		mode := strings.Split(m.Mode, ",")
		got := Mount{
			Type: string(m.Type), Name: m.Name, Source: m.Source, Target: m.Destination,
			ReadOnly: !m.RW, Propagation: string(m.Propagation),
		}
		for _, label := range []string{"z", "Z"} {
			if m.Type == mount.TypeBind && slices.Contains(mode, label) {
				got.SELinux = label
			}
		}
		if options := asked[m.Destination].VolumeOptions; options != nil {
			got.NoCopy = options.NoCopy
		}
		if options := asked[m.Destination].TmpfsOptions; options != nil {
			got.TmpfsBytes = options.SizeBytes
		}
		out = append(out, got)
	}
	order.By(out, func(a, b Mount) int { return cmp.Compare(a.Target, b.Target) })
	return out
}

// parseTime returns the zero time for the API's "never".
func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t
}

// healthOf is what the last probe said. Docker calls a container unhealthy that is
// frozen, and after that until the next probe, although none has failed.
func healthOf(h *container.Health) (state, says string) {
	if len(h.Log) == 0 {
		if h.Status == container.Unhealthy {
			return string(container.Starting), ""
		}
		return string(h.Status), ""
	}
	last := h.Log[len(h.Log)-1]
	if says = strings.TrimSpace(last.Output); h.Status == container.Unhealthy && last.ExitCode == 0 {
		return string(container.Healthy), says
	}
	return string(h.Status), says
}
