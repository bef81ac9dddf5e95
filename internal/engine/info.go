package engine

import (
	"context"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"

	"github.com/marketcalls/openalgo-install/internal/engine/spec"
)

// minAPI is that of Docker 20.10, the oldest engine this is tested on.
const minAPI = "1.41"

// Info returns what was read at Connect.
func (e *connection) Info() Info { return e.info }

// readInfo asks the engine about itself and refuses one that is too old.
func (e *connection) readInfo(ctx context.Context) error {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	var info system.Info
	asked := make(chan error, 1)
	go func() {
		var err error
		info, err = e.api.Info(ctx)
		asked <- err
	}()
	version, err := e.api.ServerVersion(ctx)
	if err != nil && (strings.Contains(err.Error(), "is too old") || strings.Contains(err.Error(), "is too new")) {
		if e.askedVersion != "" {
			return wrongVersion(err, "Docker at %[3]s does not support %[1]s=%[2]s (%[4]s)", client.EnvOverrideAPIVersion, e.askedVersion, shown(e.info.Endpoint), daemonText(err))
		}
		return fail([]error{ErrTooNew, err},
			"Docker at %s no longer supports the API of openalgo-install (%s). Update openalgo-install", e.info.Endpoint, daemonText(err))
	}
	if err != nil {
		return e.explain(ctx, "ask Docker for its version", err)
	}
	api := e.api.ClientVersion()
	if versions.LessThan(version.APIVersion, minAPI) {
		return fail([]error{ErrTooOld},
			"the Docker Engine at %s has version %s (API %s). openalgo-install needs 20.10 (API %s) or later. Upgrade Docker Engine",
			e.info.Endpoint, version.Version, version.APIVersion, minAPI)
	}
	if versions.LessThan(api, minAPI) {
		return wrongVersion(nil, "%s=%s is too old. openalgo-install needs %s or later", client.EnvOverrideAPIVersion, api, minAPI)
	}
	if err := <-asked; err != nil {
		return e.explain(ctx, "ask Docker about its machine", err)
	}
	e.info.Version, e.info.APIVersion = version.Version, api
	e.info.OS, e.info.Arch = version.Os, version.Arch
	e.info.Podman = isPodman(version)
	fillInfo(&e.info, info)
	e.info.Desktop = info.OperatingSystem == "Docker Desktop" || strings.HasPrefix(version.Platform.Name, "Docker Desktop")
	e.info.Local = strings.HasPrefix(e.info.Endpoint, "unix://") && !e.info.Desktop && sameMachine(info)
	fillUsers(&e.info)
	return nil
}

func fillInfo(i *Info, from system.Info) {
	i.ID, i.Name, i.RootDir = from.ID, from.Name, from.DockerRootDir
	i.RAMMiB, i.NCPU = int(from.MemTotal>>20), from.NCPU
	i.Containerd = slices.Contains(from.DriverStatus, [2]string{"driver-type", "io.containerd.snapshotter.v1"})
	for _, option := range from.SecurityOptions {
		name, _, _ := strings.Cut(strings.TrimPrefix(option, "name="), ",")
		switch name {
		case "rootless":
			i.Rootless = true
		case "userns":
			i.UserNS = true
		case "selinux":
			i.SELinux = true
		}
	}
	for _, pool := range from.DefaultAddressPools {
		if base, err := netip.ParsePrefix(pool.Base); err == nil {
			i.AddressPools = append(i.AddressPools, spec.AddressPool{Base: base, Size: pool.Size})
		}
	}
	i.Limits = spec.Limits{
		Memory: from.MemoryLimit, Swap: from.SwapLimit, CPU: from.CPUCfsQuota,
		CPUSet: from.CPUSet, PIDs: from.PidsLimit,
	}
	for _, warning := range from.Warnings {
		i.Warnings = append(i.Warnings, strings.TrimPrefix(warning, "WARNING: "))
	}
}

func isPodman(version types.Version) bool {
	for _, component := range version.Components {
		if strings.Contains(component.Name, "Podman") {
			return true
		}
	}
	return false
}

// sameMachine compares kernel and host name: a VM has another kernel, a
// container that was given the socket has another name.
func sameMachine(info system.Info) bool {
	name, err := os.Hostname()
	return err == nil && name == info.Name && kernelRelease() == info.KernelVersion
}
