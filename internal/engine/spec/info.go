package spec

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/versions"
)

// Info is what the engine said about itself when Connect reached it.
type Info struct {
	ID         string // the engine's own, which it keeps with its data
	Endpoint   string // unix:///var/run/docker.sock
	Version    string // of the engine: 28.5.2
	APIVersion string // the negotiated one: 1.51
	OS, Arch   string // as GOOS and GOARCH write them: linux, arm64
	Name       string // the engine's host name
	RootDir    string // where it keeps images and volumes
	RAMMiB     int
	NCPU       int

	Rootless, UserNS, SELinux, Podman, Desktop bool

	// Local says that the engine runs on this very machine: its RAM, cores,
	// ports and paths are ours. Not so for a remote engine, Docker Desktop,
	// a VM, or when we run in a container that was given the socket.
	Local bool
	// User is whose a rootless engine is, by this machine's numbers; -1 is not known.
	// Inside says that this process is in that user's namespace, where it is root over
	// the users of containers, and Enterable that it can get there.
	User              int  `json:"-"`
	Inside, Enterable bool `json:"-"`
	// NotEntered is why this process did not get there, although it could.
	NotEntered string `json:"-"`
	// UserBase is the number on this machine of a container's root where UserNS gives
	// containers other users; 0 is not known.
	UserBase int `json:"-"`
	// Containerd says that it keeps images in containerd's store, as Docker does by
	// default since 29. There an image's ID is its digest, pulled or not.
	Containerd bool `json:"-"`
	// AddressPools are what it takes the ranges of its networks from; none: those
	// that every Docker has.
	AddressPools []AddressPool `json:"-"`
	// Warnings are the engine's own ("No swap limit support") and ours about
	// docker's config.
	Warnings []string

	Limits Limits `json:"-"`

	// Proxies are the variables that docker's config has for containers; a value may
	// have a password in it. ProxiesLackLoopback says that the config leaves out by
	// which a container reaches itself.
	Proxies             map[string]string `json:"-"`
	ProxiesLackLoopback bool              `json:",omitempty"`
}

// Proxied returns the variables of a container with those that docker's config adds:
// what the container has of its own counts.
func (i Info) Proxied(env []string) []string {
	out := slices.Clone(env)
	for _, key := range slices.Sorted(maps.Keys(i.Proxies)) {
		if !slices.ContainsFunc(env, func(have string) bool { return have == key || strings.HasPrefix(have, key+"=") }) {
			out = append(out, key+"="+i.Proxies[key])
		}
	}
	return out
}

// Product is the engine's name with its version.
func (i Info) Product() string {
	if i.Podman {
		return "Podman " + i.Version
	}
	return "Docker Engine " + i.Version
}

// mostUsers is how many users a namespace of Docker's has.
const mostUsers = 65536

// UserHere returns the number that a container's user has on this machine, as this
// process sees it; false where only Docker knows.
func (i Info) UserHere(user int) (int, bool) {
	switch {
	case !i.Local, i.Rootless && !i.Inside, i.UserNS && !i.Rootless && (i.UserBase == 0 || user >= mostUsers):
		return 0, false
	case i.UserNS && !i.Rootless:
		return i.UserBase + user, true
	}
	return user, true
}

// AddressPool is a range of addresses that is shared out in ranges of one size.
type AddressPool struct {
	Base netip.Prefix
	Size int // as the bits of a prefix
}

// Limits says which resource limits the engine's kernel can enforce.
type Limits struct{ Memory, Swap, CPU, CPUSet, PIDs bool }

// Check says what of the spec this engine cannot carry out: as an error what
// it would refuse, as warnings which limits its kernel would leave out in
// silence.
func (i Info) Check(s ContainerSpec) (warnings []string, err error) {
	if s.Healthcheck != nil && s.Healthcheck.StartInterval != 0 && versions.LessThan(i.APIVersion, "1.44") {
		return nil, fmt.Errorf("healthcheck: start_interval needs Docker Engine 25 or later, and this is %s. Remove it, or upgrade Docker Engine", i.Product())
	}
	can := i.Limits
	for _, c := range []struct {
		lost bool
		what string
	}{
		{s.Host.Memory > 0 && !can.Memory, "the memory limit"},
		{s.Host.MemorySwap > 0 && !can.Swap, "the swap limit"},
		{s.Host.NanoCPUs > 0 && !can.CPU, "the CPU limit"},
		{s.Host.CpusetCpus != "" && !can.CPUSet, "the choice of cores (cpuset)"},
		{s.Host.PidsLimit != nil && *s.Host.PidsLimit > 0 && !can.PIDs, "the limit on processes"},
	} {
		if c.lost {
			warnings = append(warnings, c.what+" of "+s.Name+" has no effect: the kernel of Docker's machine does not support it")
		}
	}
	return warnings, nil
}
