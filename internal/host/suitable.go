package host

import (
	"context"
	"fmt"
	"os"

	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// nestingSign is there in an LXC container that may hold others: LXC, Proxmox and
// LXD mount a second proc for those.
const nestingSign = "dev/.lxc/proc"

// nests reports whether a process in namespaces of its own may mount what a container
// needs, which an LXC container without nesting refuses. It takes root to try.
func (v View) nests(ctx context.Context) bool {
	if v.path("") != "/" || os.Geteuid() != 0 {
		return false
	}
	_, err := run(ctx, "unshare", "--mount", "--pid", "--fork", "--mount-proc", "true")
	return err == nil
}

// DockerProblem says in plain words why Docker Engine cannot be expected to
// run OpenAlgo on this machine, or "".
func (f Facts) DockerProblem() string {
	switch {
	case f.Virtualization == "openvz", f.Virtualization == "virtuozzo":
		return "this machine is an OpenVZ/Virtuozzo container with its provider's kernel, where Docker rarely works. Use a KVM server"
	case f.Virtualization == "lxc" && !f.Nesting:
		return "this machine is an LXC container without nesting, so Docker cannot start containers. " +
			"Switch nesting on and restart this machine. In Proxmox: Options, Features, nesting=1 and keyctl=1. " +
			"In LXD or Incus: lxc config set NAME security.nesting=true"
	}
	if problem := PlatformProblem(f.Arch, f.OS); problem != "" {
		return problem
	}
	var major, minor int
	if _, err := fmt.Sscanf(f.Kernel, "%d.%d", &major, &minor); err == nil && (major < 3 || major == 3 && minor <= 10) {
		return fmt.Sprintf("the kernel %s is too old for Docker Engine. Use a Linux with kernel 4 or newer, for example Debian 12 or Ubuntu 24.04", f.Kernel)
	}
	return ""
}

// PlatformProblem says why there is no OpenAlgo for a machine's platform, or "".
// Raspbian is 32-bit on a 64-bit kernel, too.
func PlatformProblem(arch string, system OS) string {
	switch {
	case system.ID == "raspbian", arch == "arm":
		return "this machine is 32-bit ARM, and OpenAlgo needs a 64-bit machine (linux/amd64 or linux/arm64). " +
			"On a Raspberry Pi 3 or later, install the 64-bit Raspberry Pi OS"
	case arch != "" && !openalgo.RunsOn(arch):
		return fmt.Sprintf("this machine is linux/%s, and OpenAlgo exists only for linux/amd64 and linux/arm64. Use another machine", arch)
	}
	return ""
}
