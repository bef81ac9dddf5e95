package engine

import "github.com/marketcalls/openalgo-install/internal/engine/spec"

// The engine's data, which has no client in it.
type (
	Changes           = spec.Changes
	Container         = spec.Container
	ContainerSpec     = spec.ContainerSpec
	Config            = spec.Config
	HostConfig        = spec.HostConfig
	HealthConfig      = spec.HealthConfig
	Resources         = spec.Resources
	RestartPolicy     = spec.RestartPolicy
	Mount             = spec.Mount
	PortBinding       = spec.PortBinding
	NetworkAttachment = spec.NetworkAttachment
	Ulimit            = spec.Ulimit
	Log               = spec.Log
	Volume            = spec.Volume
	VolumeSpec        = spec.VolumeSpec
	Network           = spec.Network
	NetworkSpec       = spec.NetworkSpec
	IPAMConfig        = spec.IPAMConfig
	Image             = spec.Image
	Info              = spec.Info
)
