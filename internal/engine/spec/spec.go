// Package spec is what the engine has and what it is asked for, as data.
package spec

import "time"

// Volume is a volume as it is now; Mountpoint is a path on the engine's host.
type Volume struct {
	Name, Driver, Mountpoint string
	Labels                   map[string]string
	Created                  time.Time
}

// VolumeSpec is a volume to be created; Driver "" is local.
type VolumeSpec struct {
	Name, Driver       string
	DriverOpts, Labels map[string]string
}

// Network is a network as it is now; Containers are the names of the running
// containers in it.
type Network struct {
	ID, Name, Driver string
	Labels           map[string]string
	Containers       []string
}

// NetworkSpec is a network to be created; Driver "" is bridge.
type NetworkSpec struct {
	Name, Driver                     string
	Internal, EnableIPv6, Attachable bool
	DriverOpts, Labels               map[string]string
	IPAM                             []IPAMConfig
}

// IPAMConfig is one subnet of a network; Subnet and IPRange in CIDR form.
type IPAMConfig struct{ Subnet, Gateway, IPRange string }

// Changes are what a copy of a container has otherwise than the original.
type Changes struct {
	Env      map[string]string // variables to set
	Labels   map[string]string // labels to set
	ShmBytes int64             // size of /dev/shm; 0 = as it was
}
