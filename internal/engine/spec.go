package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
)

// halves returns the spec in the API's two halves, with mounts and ports.
func halves(s ContainerSpec) (*container.Config, *container.HostConfig, error) {
	config, host := s.Config, s.Host
	config.ExposedPorts = maps.Clone(config.ExposedPorts)
	if config.ExposedPorts == nil {
		config.ExposedPorts = nat.PortSet{}
	}
	host.PortBindings = nat.PortMap{}
	for _, p := range s.Ports {
		port, err := natPort(strconv.Itoa(p.ContainerPort), p.Protocol)
		if err != nil {
			return nil, nil, err
		}
		config.ExposedPorts[port] = struct{}{}
		binding := nat.PortBinding{HostIP: p.HostIP}
		if p.HostPort != 0 {
			binding.HostPort = strconv.Itoa(p.HostPort)
		}
		host.PortBindings[port] = append(host.PortBindings[port], binding)
	}
	host.Binds, host.Mounts = nil, nil
	for _, m := range s.Mounts {
		if err := addMount(&host, m); err != nil {
			return nil, nil, err
		}
	}
	return &config, &host, nil
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

// missingSource is the first file or directory that would be mounted with a label of
// SELinux and does not exist: Docker itself would make a directory of it. Of another
// machine's nobody can tell from here.
func (e containers) missingSource(s ContainerSpec) string {
	for _, m := range s.Mounts {
		if m.Type != string(mount.TypeBind) || m.SELinux == "" || !e.info.Local {
			continue
		}
		if _, err := os.Lstat(m.Source); errors.Is(err, fs.ErrNotExist) {
			return m.Source
		}
	}
	return ""
}

func endpointSettings(n NetworkAttachment) *network.EndpointSettings {
	settings := &network.EndpointSettings{Aliases: n.Aliases, MacAddress: n.MAC}
	if n.IPv4 != "" || n.IPv6 != "" {
		settings.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: n.IPv4, IPv6Address: n.IPv6}
	}
	return settings
}
