package engine

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
)

// translate writes the spec in the API's two halves.
func translate(s ContainerSpec) (*container.Config, *container.HostConfig, error) {
	restart, err := restartPolicy(s.Restart)
	if err != nil {
		return nil, nil, err
	}
	exposed, bindings, err := portMaps(s)
	if err != nil {
		return nil, nil, err
	}
	config := &container.Config{
		Image: s.Image, Cmd: s.Cmd, Entrypoint: s.Entrypoint, Env: s.Env, Labels: s.Labels, User: s.User,
		WorkingDir: s.WorkingDir, Hostname: s.Hostname, Domainname: s.Domainname, StopSignal: s.StopSignal,
		Tty: s.TTY, OpenStdin: s.StdinOpen, ExposedPorts: exposed,
	}
	if s.StopGrace > 0 {
		config.StopTimeout = seconds(s.StopGrace)
	}
	if h := s.Healthcheck; h != nil {
		config.Healthcheck = &container.HealthConfig{
			Test: h.Test, Interval: h.Interval, Timeout: h.Timeout,
			StartPeriod: h.StartPeriod, StartInterval: h.StartInterval, Retries: h.Retries,
		}
	}
	host := &container.HostConfig{
		RestartPolicy: restart, PortBindings: bindings, NetworkMode: container.NetworkMode(s.NetworkMode),
		Init: s.Init, Privileged: s.Privileged, ReadonlyRootfs: s.ReadOnly, Tmpfs: s.Tmpfs, ShmSize: s.ShmBytes,
		OomScoreAdj: s.OomScoreAdj, CapAdd: s.CapAdd, CapDrop: s.CapDrop, SecurityOpt: s.SecurityOpt,
		GroupAdd: s.GroupAdd, DNS: s.DNS, DNSSearch: s.DNSSearch, DNSOptions: s.DNSOpt, ExtraHosts: s.ExtraHosts,
		Sysctls: s.Sysctls, IpcMode: container.IpcMode(s.Ipc), PidMode: container.PidMode(s.Pid),
		UTSMode: container.UTSMode(s.UTS), Runtime: s.Runtime,
		LogConfig: container.LogConfig{Type: s.LogDriver, Config: s.LogOpts},
		Resources: resources(s),
	}
	if host.Devices, err = devices(s.Devices); err != nil {
		return nil, nil, err
	}
	for _, m := range s.Mounts {
		if err := addMount(host, m); err != nil {
			return nil, nil, err
		}
	}
	return config, host, nil
}

func resources(s ContainerSpec) container.Resources {
	r := container.Resources{
		Memory: s.MemoryBytes, MemoryReservation: s.MemoryReservationBytes, MemorySwap: s.MemorySwapBytes,
		NanoCPUs: s.NanoCPUs, CPUShares: s.CPUShares, CpusetCpus: s.CPUSet, PidsLimit: s.PidsLimit,
		CgroupParent: s.CgroupParent,
	}
	if s.OomKillDisable {
		r.OomKillDisable = &s.OomKillDisable
	}
	for _, u := range s.Ulimits {
		r.Ulimits = append(r.Ulimits, &container.Ulimit{Name: u.Name, Soft: u.Soft, Hard: u.Hard})
	}
	return r
}

func restartPolicy(s string) (container.RestartPolicy, error) {
	name, count, counted := strings.Cut(s, ":")
	policy := container.RestartPolicy{Name: container.RestartPolicyMode(name)}
	if !counted {
		return policy, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || name != "on-failure" {
		return policy, fmt.Errorf("restart %q is not no, always, unless-stopped, on-failure or on-failure:3", s)
	}
	policy.MaximumRetryCount = n
	return policy, nil
}

func portMaps(s ContainerSpec) (nat.PortSet, nat.PortMap, error) {
	exposed, bindings := nat.PortSet{}, nat.PortMap{}
	for _, e := range s.Expose {
		number, protocol, _ := strings.Cut(e, "/")
		port, err := natPort(number, protocol)
		if err != nil {
			return nil, nil, err
		}
		exposed[port] = struct{}{}
	}
	for _, p := range s.Ports {
		port, err := natPort(strconv.Itoa(p.ContainerPort), p.Protocol)
		if err != nil {
			return nil, nil, err
		}
		exposed[port] = struct{}{}
		binding := nat.PortBinding{HostIP: p.HostIP}
		if p.HostPort != 0 {
			binding.HostPort = strconv.Itoa(p.HostPort)
		}
		bindings[port] = append(bindings[port], binding)
	}
	return exposed, bindings, nil
}

func natPort(number, protocol string) (nat.Port, error) {
	if protocol == "" {
		protocol = "tcp"
	}
	port, err := nat.NewPort(protocol, number)
	if err != nil {
		return "", fmt.Errorf("port %q: %w", number, err)
	}
	return port, nil
}

// addMount uses the Mounts API, whose binds refuse a source that does not
// exist; only a bind's SELinux label needs the older form.
func addMount(host *container.HostConfig, m Mount) error {
	if m.Type == string(mount.TypeBind) && m.SELinux != "" {
		options := []string{m.SELinux}
		if m.ReadOnly {
			options = append(options, "ro")
		}
		if m.Propagation != "" {
			options = append(options, m.Propagation)
		}
		host.Binds = append(host.Binds, m.Source+":"+m.Target+":"+strings.Join(options, ","))
		return nil
	}
	out := mount.Mount{Type: mount.Type(m.Type), Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly}
	switch out.Type {
	case mount.TypeBind:
		if m.Propagation != "" {
			out.BindOptions = &mount.BindOptions{Propagation: mount.Propagation(m.Propagation)}
		}
	case mount.TypeVolume:
		if m.NoCopy {
			out.VolumeOptions = &mount.VolumeOptions{NoCopy: true}
		}
	case mount.TypeTmpfs:
		out.Source = ""
		if m.TmpfsBytes > 0 {
			out.TmpfsOptions = &mount.TmpfsOptions{SizeBytes: m.TmpfsBytes}
		}
	default:
		return fmt.Errorf("mount at %s: type %q is not volume, bind or tmpfs", m.Target, m.Type)
	}
	host.Mounts = append(host.Mounts, out)
	return nil
}

// devices reads "/dev/x", "/dev/x:/dev/y" and "/dev/x:/dev/y:rwm".
func devices(list []string) ([]container.DeviceMapping, error) {
	var out []container.DeviceMapping
	for _, d := range list {
		parts := strings.Split(d, ":")
		mapping := container.DeviceMapping{PathOnHost: parts[0], PathInContainer: parts[0], CgroupPermissions: "rwm"}
		if len(parts) > 1 && parts[1] != "" {
			mapping.PathInContainer = parts[1]
		}
		if len(parts) > 2 && parts[2] != "" {
			mapping.CgroupPermissions = parts[2]
		}
		if len(parts) > 3 || parts[0] == "" {
			return nil, fmt.Errorf("device %q is not of the form /dev/x:/dev/y:rwm", d)
		}
		out = append(out, mapping)
	}
	return out, nil
}

func endpointSettings(n NetworkAttachment) *network.EndpointSettings {
	settings := &network.EndpointSettings{Aliases: n.Aliases, MacAddress: n.MAC}
	if n.IPv4 != "" || n.IPv6 != "" {
		settings.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: n.IPv4, IPv6Address: n.IPv6}
	}
	return settings
}
