package spec

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Container is a container as it is now.
type Container struct {
	ID, Name       string // Name without the slash
	Image, ImageID string // Image as it was asked for, ImageID as it was then
	Labels         map[string]string
	State          string // created, running, paused, restarting, removing, exited, dead
	Health         string // starting, healthy, unhealthy; empty without a healthcheck
	HealthLog      string // what the last probe printed
	RestartCount   int
	ExitCode       int
	OOMKilled      bool
	Error          string // why the last start failed
	Created        time.Time
	StartedAt      time.Time // zero: never
	FinishedAt     time.Time // zero: never
	Mounts         []Mount
	Ports          []PortBinding // as configured, also while stopped
	ShmBytes       int64
	MemoryBytes    int64
	Env            []string
	Pid            int
	Networks       []string
	Restart        string        // as Restart reads it
	StopGrace      time.Duration // 0 = the engine's default
	User           string
	Log            Log
	OwnUsers       bool // it has a namespace of users of its own (Podman's keep-id, auto)
}

// Log is how Docker keeps what a container prints.
type Log struct {
	Driver   string
	MaxBytes int64  // of a file, after which the next one begins; 0: never
	MaxFiles int    // 0 is not said
	Path     string // of the newest file, where the driver writes files
}

// ContainerSpec is a container to be created. Empty fields leave it to the image
// or the engine. Config and Host have what the API needs no translation for;
// mounts, ports and networks, which are also read back, are written into them
// when it is created.
type ContainerSpec struct {
	Name string
	Config
	Host     HostConfig
	Mounts   []Mount
	Ports    []PortBinding
	Networks []NetworkAttachment // the first is the container's main one; none with Host.NetworkMode
}

// Restart reads a restart policy as a Compose file and the docker command have
// it: no, always, unless-stopped, on-failure or on-failure:3.
func Restart(text string) (RestartPolicy, error) {
	name, count, counted := strings.Cut(text, ":")
	policy := RestartPolicy{Name: RestartMode(name)}
	if !counted {
		return policy, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || name != "on-failure" {
		return policy, fmt.Errorf("restart %q is not no, always, unless-stopped, on-failure or on-failure:3", text)
	}
	policy.MaximumRetryCount = n
	return policy, nil
}

// RestartText is a restart policy as Restart reads it.
func RestartText(p RestartPolicy) string {
	if p.MaximumRetryCount > 0 {
		return string(p.Name) + ":" + strconv.Itoa(p.MaximumRetryCount)
	}
	return string(p.Name)
}

// Seconds is a grace in the API's unit; nil is the engine's default. It rounds
// up: a grace is a promise.
func Seconds(d time.Duration) *int {
	if d <= 0 {
		return nil
	}
	n := int(math.Ceil(d.Seconds()))
	return &n
}

// Mount puts a volume, a host path or a tmpfs at Target. To create, Source is
// the volume's name (empty: an anonymous one) or the host path, which must
// exist. When read back, Name is the volume's and Source the path on the host.
type Mount struct {
	Type        string // volume, bind, tmpfs
	Source      string
	Target      string
	ReadOnly    bool
	SELinux     string // z or Z, for bind mounts
	Propagation string
	NoCopy      bool // do not fill a new volume from the image
	Name        string
	TmpfsBytes  int64
}

// Published returns where the machine has a port of the container; 0 where it is
// not published.
func (c Container) Published(containerPort int) (hostIP string, hostPort int) {
	for _, p := range c.Ports {
		if p.ContainerPort == containerPort && p.HostPort != 0 {
			return p.HostIP, p.HostPort
		}
	}
	return "", 0
}

// PortBinding publishes ContainerPort at HostIP:HostPort. HostPort 0 lets the
// engine choose one; Protocol "" is tcp.
type PortBinding struct {
	HostIP        string
	HostPort      int
	ContainerPort int
	Protocol      string
}

// NetworkAttachment joins a container to a network that exists.
type NetworkAttachment struct {
	Name            string
	Aliases         []string
	IPv4, IPv6, MAC string
}
