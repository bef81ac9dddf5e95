package compose

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// containerSpec translates a service the way Docker Compose does when it
// creates the container.
func containerSpec(project *types.Project, s types.ServiceConfig) (engine.ContainerSpec, error) {
	spec := engine.ContainerSpec{
		Name: containerName(project, s), Image: s.Image,
		Cmd: s.Command, Entrypoint: s.Entrypoint, Env: environment(s.Environment), Labels: map[string]string{},
		User: s.User, WorkingDir: s.WorkingDir, Hostname: s.Hostname, Domainname: s.DomainName,
		StopSignal: s.StopSignal, Restart: s.Restart, Init: s.Init, TTY: s.Tty, StdinOpen: s.StdinOpen,
		Privileged: s.Privileged, ReadOnly: s.ReadOnly, Expose: s.Expose, NetworkMode: s.NetworkMode,
		ShmBytes: int64(s.ShmSize), CPUShares: s.CPUShares, CPUSet: s.CPUSet, OomScoreAdj: int(s.OomScoreAdj),
		OomKillDisable: s.OomKillDisable, CapAdd: s.CapAdd, CapDrop: s.CapDrop, SecurityOpt: s.SecurityOpt,
		GroupAdd: s.GroupAdd, DNS: s.DNS, DNSSearch: s.DNSSearch, DNSOpt: s.DNSOpts,
		ExtraHosts: s.ExtraHosts.AsList(":"), Sysctls: s.Sysctls, Ipc: s.Ipc, Pid: s.Pid, UTS: s.Uts,
		CgroupParent: s.CgroupParent, Runtime: s.Runtime, Tmpfs: tmpfs(s.Tmpfs),
		Healthcheck: healthcheck(s.HealthCheck), Ulimits: ulimits(s.Ulimits), Devices: devices(s.Devices),
	}
	maps.Copy(spec.Labels, s.Labels)
	if s.StopGracePeriod != nil {
		spec.StopGrace = time.Duration(*s.StopGracePeriod)
	}
	if s.Logging != nil {
		spec.LogDriver, spec.LogOpts = s.Logging.Driver, s.Logging.Options
	}
	if s.Scale != nil && *s.Scale != 1 {
		return spec, fmt.Errorf("scale: %d is not possible, OpenAlgo runs as one container", *s.Scale)
	}
	limits(&spec, s)
	var err error
	if spec.Ports, err = ports(s.Ports); err != nil {
		return spec, err
	}
	if spec.Mounts, err = mounts(project, s); err != nil {
		return spec, err
	}
	spec.Networks = attachments(project, s, spec.Name)
	return spec, nil
}

func containerName(project *types.Project, s types.ServiceConfig) string {
	if s.ContainerName != "" {
		return s.ContainerName
	}
	return project.Name + "-" + s.Name + "-1"
}

func environment(env types.MappingWithEquals) []string {
	var out []string
	for key, value := range env {
		if value != nil {
			out = append(out, key+"="+*value)
		}
	}
	slices.Sort(out)
	return out
}

// limits sets memory, CPU and process limits; deploy.resources wins over the
// older attributes, as in Docker Compose.
func limits(spec *engine.ContainerSpec, s types.ServiceConfig) {
	spec.MemoryBytes = int64(s.MemLimit)
	spec.MemoryReservationBytes = int64(s.MemReservation)
	spec.MemorySwapBytes = int64(s.MemSwapLimit)
	spec.NanoCPUs = int64(float64(s.CPUS) * 1e9)
	if s.PidsLimit != 0 {
		spec.PidsLimit = &s.PidsLimit
	}
	if s.Deploy == nil {
		return
	}
	if l := s.Deploy.Resources.Limits; l != nil {
		if l.MemoryBytes != 0 {
			spec.MemoryBytes = int64(l.MemoryBytes)
		}
		if l.NanoCPUs != 0 {
			spec.NanoCPUs = int64(float64(l.NanoCPUs) * 1e9)
		}
		if l.Pids != 0 {
			spec.PidsLimit = &l.Pids
		}
	}
	if r := s.Deploy.Resources.Reservations; r != nil && r.MemoryBytes != 0 {
		spec.MemoryReservationBytes = int64(r.MemoryBytes)
	}
}

func tmpfs(list []string) map[string]string {
	if len(list) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, entry := range list {
		path, options, _ := strings.Cut(entry, ":")
		out[path] = options
	}
	return out
}

func healthcheck(h *types.HealthCheckConfig) *engine.Healthcheck {
	if h == nil {
		return nil
	}
	if h.Disable {
		return &engine.Healthcheck{Test: []string{"NONE"}}
	}
	out := &engine.Healthcheck{Test: h.Test}
	for _, d := range []struct {
		from *types.Duration
		to   *time.Duration
	}{
		{h.Interval, &out.Interval}, {h.Timeout, &out.Timeout},
		{h.StartPeriod, &out.StartPeriod}, {h.StartInterval, &out.StartInterval},
	} {
		if d.from != nil {
			*d.to = time.Duration(*d.from)
		}
	}
	if h.Retries != nil {
		out.Retries = int(*h.Retries)
	}
	return out
}

func ulimits(limits map[string]*types.UlimitsConfig) []engine.Ulimit {
	var out []engine.Ulimit
	for name, l := range limits {
		soft, hard := l.Soft, l.Hard
		if l.Single != 0 {
			soft, hard = l.Single, l.Single
		}
		out = append(out, engine.Ulimit{Name: name, Soft: int64(soft), Hard: int64(hard)})
	}
	slices.SortFunc(out, func(a, b engine.Ulimit) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func devices(list []types.DeviceMapping) []string {
	var out []string
	for _, d := range list {
		out = append(out, d.Source+":"+d.Target+":"+d.Permissions)
	}
	return out
}

func ports(list []types.ServicePortConfig) ([]engine.PortBinding, error) {
	var out []engine.PortBinding
	for _, p := range list {
		binding := engine.PortBinding{HostIP: p.HostIP, ContainerPort: int(p.Target), Protocol: p.Protocol}
		if p.Published != "" {
			port, err := strconv.Atoi(p.Published)
			if err != nil {
				return nil, fmt.Errorf("ports: %q is not one port; write one number for each mapping", p.Published)
			}
			binding.HostPort = port
		}
		out = append(out, binding)
	}
	return out, nil
}

func mounts(project *types.Project, s types.ServiceConfig) ([]engine.Mount, error) {
	var out []engine.Mount
	for _, v := range s.Volumes {
		mount := engine.Mount{Type: v.Type, Source: v.Source, Target: v.Target, ReadOnly: v.ReadOnly}
		switch v.Type {
		case types.VolumeTypeVolume:
			if v.Source != "" {
				mount.Source = project.Volumes[v.Source].Name
			}
			mount.NoCopy = v.Volume != nil && v.Volume.NoCopy
		case types.VolumeTypeBind:
			if v.Bind != nil {
				mount.Propagation, mount.SELinux = v.Bind.Propagation, v.Bind.SELinux
			}
		case types.VolumeTypeTmpfs:
			if v.Tmpfs != nil {
				mount.TmpfsBytes = int64(v.Tmpfs.Size)
			}
		default:
			return nil, fmt.Errorf("volumes: a mount of type %q for %s is not possible here", v.Type, v.Target)
		}
		out = append(out, mount)
	}
	return out, nil
}

// attachments gives the container its names in each network: the container's
// and the service's, as Docker Compose does.
func attachments(project *types.Project, s types.ServiceConfig, container string) []engine.NetworkAttachment {
	if s.NetworkMode != "" {
		return nil
	}
	var out []engine.NetworkAttachment
	for _, key := range slices.Sorted(maps.Keys(s.Networks)) {
		attachment := engine.NetworkAttachment{Name: project.Networks[key].Name, Aliases: []string{container, s.Name}}
		if n := s.Networks[key]; n != nil {
			attachment.Aliases = append(attachment.Aliases, n.Aliases...)
			attachment.IPv4, attachment.IPv6, attachment.MAC = n.Ipv4Address, n.Ipv6Address, n.MacAddress
		}
		out = append(out, attachment)
	}
	return out
}

func networks(project *types.Project, s types.ServiceConfig) []Network {
	var out []Network
	for _, key := range slices.Sorted(maps.Keys(s.Networks)) {
		n := project.Networks[key]
		spec := engine.NetworkSpec{
			Name: n.Name, Driver: n.Driver, Internal: n.Internal, Attachable: n.Attachable,
			EnableIPv6: n.EnableIPv6 != nil && *n.EnableIPv6, DriverOpts: n.DriverOpts,
			Labels: map[string]string{LabelProject: project.Name, LabelNetwork: key, labelVersion: composeVersion},
		}
		maps.Copy(spec.Labels, n.Labels)
		for _, c := range n.Ipam.Config {
			spec.IPAM = append(spec.IPAM, engine.IPAMConfig{Subnet: c.Subnet, Gateway: c.Gateway, IPRange: c.IPRange})
		}
		out = append(out, Network{Spec: spec, External: bool(n.External)})
	}
	return out
}

// volumes lists the named volumes that the service mounts. They get no
// config-hash label: with one that differs, `docker compose up -d -y` deletes
// the data (seen with 2.40 and 5.6).
func volumes(project *types.Project, s types.ServiceConfig) []Volume {
	var out []Volume
	for _, mount := range s.Volumes {
		if mount.Type != types.VolumeTypeVolume || mount.Source == "" {
			continue
		}
		v := project.Volumes[mount.Source]
		spec := engine.VolumeSpec{
			Name: v.Name, Driver: v.Driver, DriverOpts: v.DriverOpts,
			Labels: map[string]string{LabelProject: project.Name, LabelVolume: mount.Source, labelVersion: composeVersion},
		}
		maps.Copy(spec.Labels, v.Labels)
		out = append(out, Volume{Spec: spec, Key: mount.Source, Target: mount.Target, External: bool(v.External)})
	}
	return out
}
