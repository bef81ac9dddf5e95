// Package host looks at the machine: memory, cores, operating system, disk,
// ports and the DNS of a domain. It only reads; installing Docker Engine is
// the subpackage dockersetup.
package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/shirou/gopsutil/v3/common"
	"github.com/shirou/gopsutil/v3/cpu"
	gohost "github.com/shirou/gopsutil/v3/host"
	"github.com/shirou/gopsutil/v3/mem"
)

const mib = 1 << 20

// Facts is what sizing, preflight and the Docker installation need to know of
// a machine.
type Facts struct {
	// RAMMiB is MemTotal in MiB, rounded down, or the cgroup limit where that
	// is smaller. A "4 GB" server has about 3900.
	RAMMiB int
	// Cores is the smallest of the logical processors, this process's CPU
	// affinity and the cgroup's CPU quota; at least 1.
	Cores int
	// AvailableMiB is what is available now without swapping.
	AvailableMiB int
	// SwapMiB is the total swap, free or not.
	SwapMiB int
	// CgroupRAMMiB and CgroupCores are the cgroup's limits, 0 without one. A
	// quota is rounded down to whole cores, but never to none.
	CgroupRAMMiB, CgroupCores int

	OS     OS
	Arch   string // as GOARCH: amd64, arm64
	Kernel string // as uname -r: 6.1.0-28-amd64
	// Virtualization names the kind of container the machine is: openvz,
	// virtuozzo, lxc, docker, podman, wsl. It is empty on hardware and in
	// ordinary virtual machines, where Docker needs no special care.
	Virtualization string
	// Nesting is whether an LXC container may hold containers of its own, as far as
	// can be seen from inside.
	Nesting bool
	// Systemd is whether systemd is the running init.
	Systemd bool
}

// View says where the facts are read; the zero View is this machine.
type View struct {
	// Root is the directory that holds proc, sys, etc and run. Empty is "/".
	Root string
	// Affinity is the number of processors that this process may use. 0 asks
	// the kernel.
	Affinity int
	// Kernel is the kernel's release. Empty asks the kernel.
	Kernel string
}

// Measure reads the facts of this machine.
//
//go:noinline
func Measure(ctx context.Context) (Facts, error) { return View{}.Measure(ctx) }

// Measure reads the facts through v. gopsutil sees neither cgroup limits nor
// affinity, so those are read here.
func (v View) Measure(ctx context.Context) (Facts, error) {
	ctx = context.WithValue(ctx, common.EnvKey, common.EnvMap{
		common.HostProcEnvKey: v.path("proc"),
		common.HostSysEnvKey:  v.path("sys"),
		common.HostEtcEnvKey:  v.path("etc"),
	})
	memory, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return Facts{}, fmt.Errorf("read this machine's memory: %w. Set it with --ram, for example --ram 4GB", err)
	}
	cores, err := cpu.CountsWithContext(ctx, true)
	if err != nil {
		return Facts{}, fmt.Errorf("count this machine's cores: %w. Set them with --cores, for example --cores 2", err)
	}
	system, err := v.readOS()
	if err != nil {
		return Facts{}, err
	}
	kernel := v.Kernel
	if kernel == "" {
		if kernel, err = gohost.KernelVersionWithContext(ctx); err != nil {
			return Facts{}, fmt.Errorf("read the kernel's version: %w", err)
		}
	}

	f := Facts{
		RAMMiB:       int(memory.Total / mib),
		AvailableMiB: int(memory.Available / mib),
		SwapMiB:      int(memory.SwapTotal / mib),
		CgroupRAMMiB: v.cgroupMemory(),
		CgroupCores:  v.cgroupCores(),
		OS:           system,
		Arch:         runtime.GOARCH,
		Kernel:       kernel,
		Systemd:      v.exists("run/systemd/system"),
	}
	f.Virtualization = v.virtualization(kernel)
	f.Nesting = f.Virtualization == "lxc" && (v.exists(nestingSign) || v.nests(ctx))
	f.RAMMiB = smaller(f.RAMMiB, f.CgroupRAMMiB)
	affinity := v.Affinity
	if affinity == 0 {
		affinity = runtime.NumCPU() // sched_getaffinity, on Linux
	}
	f.Cores = max(1, smaller(smaller(cores, affinity), f.CgroupCores))
	return f, nil
}

// smaller is the smaller of a value and a limit, where limit 0 is none.
func smaller(value, limit int) int {
	if limit > 0 && limit < value {
		return limit
	}
	return value
}

// virtualization recognises the containers that are sold or used as machines.
// gopsutil has this too, but remembers its first answer for ever.
func (v View) virtualization(kernel string) string {
	switch {
	case v.exists("proc/vz") && !v.exists("proc/bc"):
		if v.exists("proc/vz/vzaquota") || !v.exists("proc/vz/veinfo") {
			return "virtuozzo"
		}
		return "openvz"
	case v.exists(".dockerenv"):
		return "docker"
	case v.exists("run/.containerenv"):
		return "podman"
	case strings.Contains(strings.ToLower(kernel), "microsoft"):
		return "wsl"
	}
	// systemd writes the first for everyone, the second is for root only.
	if name := strings.TrimSpace(v.read("run/systemd/container")); name != "" {
		return name
	}
	for entry := range strings.SplitSeq(v.read("proc/1/environ"), "\x00") {
		if name, found := strings.CutPrefix(entry, "container="); found && name != "" {
			return name
		}
	}
	return ""
}

func (v View) path(name string) string {
	root := v.Root
	if root == "" {
		root = "/"
	}
	return filepath.Join(root, name)
}

func (v View) exists(name string) bool {
	_, err := os.Stat(v.path(name))
	return err == nil || !errors.Is(err, os.ErrNotExist)
}

// read returns the file's text, or nothing when it cannot be read.
func (v View) read(name string) string {
	data, err := os.ReadFile(v.path(name))
	if err != nil {
		return ""
	}
	return string(data)
}
