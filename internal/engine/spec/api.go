package spec

import "github.com/docker/docker/api/types/container"

// What the API itself says a container is made with, in its two halves.
type (
	Config        = container.Config
	HostConfig    = container.HostConfig
	HealthConfig  = container.HealthConfig
	Resources     = container.Resources
	RestartPolicy = container.RestartPolicy
	RestartMode   = container.RestartPolicyMode
	LogConfig     = container.LogConfig
	DeviceMapping = container.DeviceMapping
	Ulimit        = container.Ulimit
	NetworkMode   = container.NetworkMode
	IpcMode       = container.IpcMode
	PidMode       = container.PidMode
	UTSMode       = container.UTSMode
)
