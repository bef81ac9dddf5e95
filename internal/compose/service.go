package compose

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/marketcalls/openalgo-install/internal/engine/spec"
)

// containerSpec translates a service the way Docker Compose does when it
// creates the container.
func containerSpec(project *types.Project, s types.ServiceConfig) (spec.ContainerSpec, error) {
	out := spec.ContainerSpec{
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
	maps.Copy(out.Labels, s.Labels)
	if s.StopGracePeriod != nil {
		out.StopGrace = time.Duration(*s.StopGracePeriod)
	}
	if s.Logging != nil {
		out.LogDriver, out.LogOpts = s.Logging.Driver, s.Logging.Options
	}
	if s.Scale != nil && *s.Scale != 1 {
		return out, fmt.Errorf("scale: %d is not possible, OpenAlgo runs as one container", *s.Scale)
	}
	limits(&out, s)
	var err error
	if out.Ports, err = ports(s.Ports); err != nil {
		return out, err
	}
	if out.Mounts, err = mounts(project, s); err != nil {
		return out, err
	}
	out.Networks = attachments(project, s, out.Name)
	return out, nil
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
func limits(out *spec.ContainerSpec, s types.ServiceConfig) {
	out.MemoryBytes = int64(s.MemLimit)
	out.MemoryReservationBytes = int64(s.MemReservation)
	out.MemorySwapBytes = int64(s.MemSwapLimit)
	out.NanoCPUs = int64(float64(s.CPUS) * 1e9)
	if s.PidsLimit != 0 {
		out.PidsLimit = &s.PidsLimit
	}
	if s.Deploy == nil {
		return
	}
	if l := s.Deploy.Resources.Limits; l != nil {
		if l.MemoryBytes != 0 {
			out.MemoryBytes = int64(l.MemoryBytes)
		}
		if l.NanoCPUs != 0 {
			out.NanoCPUs = int64(float64(l.NanoCPUs) * 1e9)
		}
		if l.Pids != 0 {
			out.PidsLimit = &l.Pids
		}
	}
	if r := s.Deploy.Resources.Reservations; r != nil && r.MemoryBytes != 0 {
		out.MemoryReservationBytes = int64(r.MemoryBytes)
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

func healthcheck(h *types.HealthCheckConfig) *spec.Healthcheck {
	if h == nil {
		return nil
	}
	if h.Disable {
		return &spec.Healthcheck{Test: []string{"NONE"}}
	}
	out := &spec.Healthcheck{Test: h.Test}
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

func ulimits(limits map[string]*types.UlimitsConfig) []spec.Ulimit {
	var out []spec.Ulimit
	for name, l := range limits {
		soft, hard := l.Soft, l.Hard
		if l.Single != 0 {
			soft, hard = l.Single, l.Single
		}
		out = append(out, spec.Ulimit{Name: name, Soft: int64(soft), Hard: int64(hard)})
	}
	slices.SortFunc(out, func(a, b spec.Ulimit) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func devices(list []types.DeviceMapping) []string {
	var out []string
	for _, d := range list {
		out = append(out, d.Source+":"+d.Target+":"+d.Permissions)
	}
	return out
}

func ports(list []types.ServicePortConfig) ([]spec.PortBinding, error) {
	var out []spec.PortBinding
	for _, p := range list {
		binding := spec.PortBinding{HostIP: p.HostIP, ContainerPort: int(p.Target), Protocol: p.Protocol}
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

func mounts(project *types.Project, s types.ServiceConfig) ([]spec.Mount, error) {
	var out []spec.Mount
	for _, v := range s.Volumes {
		mount := spec.Mount{Type: v.Type, Source: v.Source, Target: v.Target, ReadOnly: v.ReadOnly}
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
func attachments(project *types.Project, s types.ServiceConfig, container string) []spec.NetworkAttachment {
	if s.NetworkMode != "" {
		return nil
	}
	var out []spec.NetworkAttachment
	for _, key := range slices.Sorted(maps.Keys(s.Networks)) {
		attachment := spec.NetworkAttachment{Name: project.Networks[key].Name, Aliases: []string{container, s.Name}}
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
		net := spec.NetworkSpec{
			Name: n.Name, Driver: n.Driver, Internal: n.Internal, Attachable: n.Attachable,
			EnableIPv6: n.EnableIPv6 != nil && *n.EnableIPv6, DriverOpts: n.DriverOpts,
			Labels: map[string]string{LabelProject: project.Name, LabelNetwork: key, labelVersion: composeVersion},
		}
		maps.Copy(net.Labels, n.Labels)
		for _, c := range n.Ipam.Config {
			net.IPAM = append(net.IPAM, spec.IPAMConfig{Subnet: c.Subnet, Gateway: c.Gateway, IPRange: c.IPRange})
		}
		out = append(out, Network{Spec: net, External: bool(n.External)})
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
		volume := spec.VolumeSpec{
			Name: v.Name, Driver: v.Driver, DriverOpts: v.DriverOpts,
			Labels: map[string]string{LabelProject: project.Name, LabelVolume: mount.Source, labelVersion: composeVersion},
		}
		maps.Copy(volume.Labels, v.Labels)
		out = append(out, Volume{Spec: volume, Key: mount.Source, Target: mount.Target, External: bool(v.External)})
	}
	return out
}
