package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/versions"
)

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

// Check says what of the spec this engine cannot carry out: as an error what
// it would refuse, as warnings which limits its kernel would leave out in
// silence.
func (e *Engine) Check(s ContainerSpec) (warnings []string, err error) {
	if s.Healthcheck != nil && s.Healthcheck.StartInterval != 0 && versions.LessThan(e.info.APIVersion, "1.44") {
		return nil, fmt.Errorf("healthcheck: start_interval needs Docker Engine 25 or later and this is %s; remove it or upgrade", e.info.Version)
	}
	can := e.info.limits
	for _, c := range []struct {
		lost bool
		what string
	}{
		{s.MemoryBytes > 0 && !can.memory, "the memory limit"},
		{s.MemorySwapBytes > 0 && !can.swap, "the swap limit"},
		{s.NanoCPUs > 0 && !can.cpu, "the CPU limit"},
		{s.CPUSet != "" && !can.cpuset, "the choice of cores (cpuset)"},
		{s.PidsLimit != nil && *s.PidsLimit > 0 && !can.pids, "the limit on processes"},
	} {
		if c.lost {
			warnings = append(warnings, c.what+" of "+s.Name+" has no effect: the kernel of the engine's host does not support it")
		}
	}
	return warnings, nil
}

// Create creates a container, attached to all its networks, and does not
// start it. It fails with ErrImageNotFound, ErrConflict (the name is taken) or
// ErrNotFound (a network or volume); nothing is left then.
func (e *Engine) Create(ctx context.Context, s ContainerSpec) (id string, err error) {
	ctx, cancel := e.change(ctx)
	defer cancel()
	doing := "create container " + s.Name
	if _, err := e.Check(s); err != nil {
		return "", fmt.Errorf("%s: %w", doing, err)
	}
	config, host, err := translate(s)
	if err != nil {
		return "", fmt.Errorf("%s: %w", doing, err)
	}
	for _, n := range s.Networks {
		// Older engines notice a missing network at the start only.
		if _, err := e.api.NetworkInspect(ctx, n.Name, network.InspectOptions{}); err != nil {
			return "", e.explain(ctx, doing, err)
		}
	}
	var networking *network.NetworkingConfig
	if s.NetworkMode == "" && len(s.Networks) > 0 {
		first := s.Networks[0]
		endpoint := endpointSettings(first)
		if versions.LessThan(e.info.APIVersion, "1.44") {
			// Older engines take the address from the container's config.
			config.MacAddress, endpoint.MacAddress = first.MAC, "" //nolint:staticcheck // deprecated since 1.44 only
		}
		host.NetworkMode = container.NetworkMode(first.Name)
		networking = &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{first.Name: endpoint}}
	}
	created, err := e.api.ContainerCreate(ctx, config, host, networking, nil, s.Name)
	if err != nil {
		return "", e.explain(ctx, doing, err)
	}
	// Engines before API 1.44 take one network at creation, so the others follow.
	for i := 1; s.NetworkMode == "" && i < len(s.Networks); i++ {
		n := s.Networks[i]
		if err := e.api.NetworkConnect(ctx, n.Name, created.ID, endpointSettings(n)); err != nil {
			err = e.explain(ctx, "connect container "+s.Name+" to network "+n.Name, err)
			return "", errors.Join(err, e.Remove(context.WithoutCancel(ctx), created.ID))
		}
	}
	return created.ID, nil
}

// Start starts a container; one that runs already is fine. ErrPortTaken when
// a port is taken; the container stays as created then.
func (e *Engine) Start(ctx context.Context, id string) error {
	ctx, cancel := e.change(ctx)
	defer cancel()
	return e.explain(ctx, "start container "+short(id), e.api.ContainerStart(ctx, id, container.StartOptions{}))
}

// Stop asks the container to stop and kills it after grace (0: the
// container's own StopGrace). One that is stopped already is fine.
func (e *Engine) Stop(ctx context.Context, id string, grace time.Duration) error {
	ctx, cancel := e.end(ctx, grace)
	defer cancel()
	return e.explain(ctx, "stop container "+short(id), e.api.ContainerStop(ctx, id, stopOptions(grace)))
}

// Restart stops, as Stop does, and starts again.
func (e *Engine) Restart(ctx context.Context, id string, grace time.Duration) error {
	ctx, cancel := e.end(ctx, grace)
	defer cancel()
	return e.explain(ctx, "restart container "+short(id), e.api.ContainerRestart(ctx, id, stopOptions(grace)))
}

// Rename gives a container another name; ErrConflict when it is taken.
func (e *Engine) Rename(ctx context.Context, id, name string) error {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	return e.explain(ctx, "rename container "+short(id)+" to "+name, e.api.ContainerRename(ctx, id, name))
}

// Kill sends a signal ("SIGHUP"; "" is SIGKILL) to the container's process.
func (e *Engine) Kill(ctx context.Context, id, signal string) error {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	return e.explain(ctx, "kill container "+short(id), e.api.ContainerKill(ctx, id, signal))
}

// RestartPolicy changes when the engine starts a container again by itself.
func (e *Engine) RestartPolicy(ctx context.Context, id, policy string) error {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	_, err := e.api.ContainerUpdate(ctx, id, container.UpdateConfig{
		RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyMode(policy)},
	})
	return e.explain(ctx, "change the restart policy of container "+short(id), err)
}

// Remove kills and removes a container, and never a volume. When it returns
// nil the container is gone; one that was not there is fine.
func (e *Engine) Remove(ctx context.Context, id string) error {
	ctx, cancel := e.change(ctx)
	defer cancel()
	err := e.api.ContainerRemove(ctx, id, container.RemoveOptions{Force: true})
	if errdefs.IsNotFound(err) {
		return nil
	}
	doing := "remove container " + short(id)
	if errdefs.IsConflict(err) && strings.Contains(err.Error(), "already in progress") {
		done, failed := e.api.ContainerWait(ctx, id, container.WaitConditionRemoved)
		select {
		case <-done:
			return nil
		case err = <-failed:
			if errdefs.IsNotFound(err) {
				return nil
			}
		}
	}
	return e.explain(ctx, doing, err)
}

func stopOptions(grace time.Duration) container.StopOptions {
	if grace <= 0 {
		return container.StopOptions{}
	}
	return container.StopOptions{Timeout: seconds(grace)}
}

// seconds rounds up: a grace is a promise.
func seconds(d time.Duration) *int {
	n := int(math.Ceil(d.Seconds()))
	return &n
}

// short cuts a container id as the docker command prints it; names stay.
func short(id string) string {
	if len(id) == 64 {
		return id[:12]
	}
	return id
}
