package spec

import "time"

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
	Restart        string        // as in ContainerSpec
	StopGrace      time.Duration // 0 = the engine's default
	User           string
}

// ContainerSpec is a container to be created. Empty fields leave it to the
// image or the engine.
type ContainerSpec struct {
	Name, Image            string
	Cmd, Entrypoint        []string
	Env                    []string // KEY=value
	Labels                 map[string]string
	User, WorkingDir       string
	Hostname, Domainname   string
	StopSignal             string
	StopGrace              time.Duration // 0 = the engine's default (10 s)
	Restart                string        // "no", "always", "unless-stopped", "on-failure:3"
	Init                   *bool         // nil = the engine's default
	TTY, StdinOpen         bool
	Privileged, ReadOnly   bool
	Healthcheck            *Healthcheck // nil = the image's
	Mounts                 []Mount
	Tmpfs                  map[string]string // path to mount options
	Ports                  []PortBinding
	Expose                 []string            // "8080" or "8080/udp"
	Networks               []NetworkAttachment // the first is the container's main one
	NetworkMode            string              // "host", "none", "container:x"; empty = the first network
	ShmBytes               int64
	MemoryBytes            int64
	MemoryReservationBytes int64
	MemorySwapBytes        int64
	NanoCPUs               int64 // 1e9 is one core
	CPUShares              int64
	CPUSet                 string
	PidsLimit              *int64
	OomScoreAdj            int
	OomKillDisable         bool
	Ulimits                []Ulimit
	CapAdd, CapDrop        []string
	SecurityOpt, GroupAdd  []string
	DNS, DNSSearch, DNSOpt []string
	ExtraHosts             []string // "name:address"
	Sysctls                map[string]string
	Devices                []string // "/dev/x[:/dev/y[:rwm]]"
	LogDriver              string
	LogOpts                map[string]string
	Ipc, Pid, UTS          string
	CgroupParent, Runtime  string
}

// Healthcheck is how the engine looks after a container: Test is {"NONE"}, {"CMD", args...} or {"CMD-SHELL", command};
// zero values inherit from the image. StartInterval needs Docker 25.
type Healthcheck struct {
	Test                                          []string
	Interval, Timeout, StartPeriod, StartInterval time.Duration
	Retries                                       int
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

// Ulimit is one resource limit of the container's processes; -1 is unlimited.
type Ulimit struct {
	Name       string
	Soft, Hard int64
}
