package compose

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/go-connections/nat"

	"github.com/marketcalls/openalgo-install/internal/engine/spec"
)

// containerSpec translates a service the way Docker Compose does when it
// creates the container.
func containerSpec(project *types.Project, s types.ServiceConfig) (out spec.ContainerSpec, err error) {
	if s.Scale != nil && *s.Scale != 1 {
		return out, fmt.Errorf("scale: %d is not possible, OpenAlgo runs as one container", *s.Scale)
	}
	out.Name = containerName(project, s)
	out.Config = spec.Config{
		Image: s.Image, Cmd: []string(s.Command), Entrypoint: []string(s.Entrypoint), Env: environment(s.Environment), Labels: map[string]string{},
		User: s.User, WorkingDir: s.WorkingDir, Hostname: s.Hostname, Domainname: s.DomainName,
		StopSignal: s.StopSignal, Tty: s.Tty, OpenStdin: s.StdinOpen, Healthcheck: healthcheck(s.HealthCheck),
	}
	maps.Copy(out.Labels, s.Labels)
	if s.StopGracePeriod != nil {
		out.StopTimeout = spec.Seconds(time.Duration(*s.StopGracePeriod))
	}
	if out.ExposedPorts, err = exposed(s.Expose); err != nil {
		return out, err
	}
	out.Host = spec.HostConfig{
		NetworkMode: spec.NetworkMode(s.NetworkMode), Init: s.Init, Privileged: s.Privileged, ReadonlyRootfs: s.ReadOnly,
		Tmpfs: tmpfs(s.Tmpfs), ShmSize: int64(s.ShmSize), OomScoreAdj: int(s.OomScoreAdj), CapAdd: s.CapAdd, CapDrop: s.CapDrop,
		SecurityOpt: s.SecurityOpt, GroupAdd: s.GroupAdd, DNS: s.DNS, DNSSearch: s.DNSSearch, DNSOptions: s.DNSOpts,
		ExtraHosts: s.ExtraHosts.AsList(":"), Sysctls: s.Sysctls, IpcMode: spec.IpcMode(s.Ipc), PidMode: spec.PidMode(s.Pid),
		UTSMode: spec.UTSMode(s.Uts), Runtime: s.Runtime, Resources: resources(s),
	}
	if s.Logging != nil {
		out.Host.LogConfig = spec.LogConfig{Type: s.Logging.Driver, Config: s.Logging.Options}
	}
	if out.Host.RestartPolicy, err = spec.Restart(s.Restart); err != nil {
		return out, err
	}
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

// resources has the limits; deploy.resources wins over the older attributes, as
// in Docker Compose.
func resources(s types.ServiceConfig) spec.Resources {
	out := spec.Resources{
		Memory: int64(s.MemLimit), MemoryReservation: int64(s.MemReservation), MemorySwap: int64(s.MemSwapLimit),
		NanoCPUs: int64(float64(s.CPUS) * 1e9), CPUShares: s.CPUShares, CpusetCpus: s.CPUSet, CgroupParent: s.CgroupParent,
		Ulimits: ulimits(s.Ulimits), Devices: devices(s.Devices),
	}
	if s.OomKillDisable {
		out.OomKillDisable = &s.OomKillDisable
	}
	if s.PidsLimit != 0 {
		out.PidsLimit = &s.PidsLimit
	}
	if s.Deploy == nil {
		return out
	}
	if l := s.Deploy.Resources.Limits; l != nil {
		if l.MemoryBytes != 0 {
			out.Memory = int64(l.MemoryBytes)
		}
		if l.NanoCPUs != 0 {
			out.NanoCPUs = int64(float64(l.NanoCPUs) * 1e9)
		}
		if l.Pids != 0 {
			out.PidsLimit = &l.Pids
		}
	}
	if r := s.Deploy.Resources.Reservations; r != nil && r.MemoryBytes != 0 {
		out.MemoryReservation = int64(r.MemoryBytes)
	}
	return out
}

// exposed reads "8080" and "8080/udp".
func exposed(list []string) (nat.PortSet, error) {
	out := nat.PortSet{}
	for _, text := range list {
		number, protocol, _ := strings.Cut(text, "/")
		port, err := nat.NewPort(cmp.Or(protocol, "tcp"), number)
		if err != nil {
			return nil, fmt.Errorf("expose: %q: %w", text, err)
		}
		out[port] = struct{}{}
	}
	return out, nil
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

func healthcheck(h *types.HealthCheckConfig) *spec.HealthConfig {
	if h == nil {
		return nil
	}
	if h.Disable {
		return &spec.HealthConfig{Test: []string{"NONE"}}
	}
	out := &spec.HealthConfig{Test: h.Test}
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

func ulimits(limits map[string]*types.UlimitsConfig) []*spec.Ulimit {
	var out []*spec.Ulimit
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		l := limits[name]
		soft, hard := l.Soft, l.Hard
		if l.Single != 0 {
			soft, hard = l.Single, l.Single
		}
		out = append(out, &spec.Ulimit{Name: name, Soft: int64(soft), Hard: int64(hard)})
	}
	return out
}

func devices(list []types.DeviceMapping) []spec.DeviceMapping {
	var out []spec.DeviceMapping
	for _, d := range list {
		out = append(out, spec.DeviceMapping{
			PathOnHost: d.Source, PathInContainer: cmp.Or(d.Target, d.Source), CgroupPermissions: cmp.Or(d.Permissions, "rwm"),
		})
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
