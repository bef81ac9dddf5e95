package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/versions"

	"github.com/marketcalls/openalgo-install/internal/engine/spec"
)

// Create creates a container, attached to all its networks, and does not
// start it. It fails with ErrImageNotFound, ErrConflict (the name is taken) or
// ErrNotFound (a network or volume); nothing is left then.
func (e containers) Create(ctx context.Context, s ContainerSpec) (id string, err error) {
	ctx, cancel := e.change(ctx)
	defer cancel()
	doing := "create container " + s.Name
	if _, err := e.info.Check(s); err != nil {
		return "", fmt.Errorf("%s: %w", doing, err)
	}
	config, host, err := halves(s)
	if err != nil {
		return "", fmt.Errorf("%s: %w", doing, err)
	}
	if missing := e.missingSource(s); missing != "" {
		return "", fmt.Errorf("%s: there is no %s to mount", doing, missing)
	}
	for _, n := range s.Networks {
		// Older engines notice a missing network at the start only.
		if _, err := e.api.NetworkInspect(ctx, n.Name, network.InspectOptions{}); err != nil {
			return "", e.explain(ctx, doing, err)
		}
	}
	var networking *network.NetworkingConfig
	if s.Host.NetworkMode == "" && len(s.Networks) > 0 {
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
	for i := 1; s.Host.NetworkMode == "" && i < len(s.Networks); i++ {
		n := s.Networks[i]
		if err := e.api.NetworkConnect(ctx, n.Name, created.ID, endpointSettings(n)); err != nil {
			err = e.explain(ctx, "connect container "+s.Name+" to network "+n.Name, err)
			return "", errors.Join(err, e.Remove(context.WithoutCancel(ctx), created.ID))
		}
	}
	return created.ID, nil
}

// Start starts a container; one that runs already is fine, and one that is frozen is
// thawed. ErrPortTaken when a port is taken; the container stays as created then.
func (e containers) Start(ctx context.Context, id string) error {
	ctx, cancel := e.change(ctx)
	defer cancel()
	err := e.api.ContainerStart(ctx, id, container.StartOptions{})
	if errdefs.IsConflict(err) && strings.Contains(err.Error(), "paused") {
		err = e.api.ContainerUnpause(ctx, id)
	}
	return e.explain(ctx, "start container "+short(id), err)
}

// Stop asks the container to stop and kills it after grace (0: the
// container's own StopGrace). One that is stopped already is fine.
func (e containers) Stop(ctx context.Context, id string, grace time.Duration) error {
	ctx, cancel := e.end(ctx, grace)
	defer cancel()
	return e.explain(ctx, "stop container "+short(id), e.api.ContainerStop(ctx, id, stopOptions(grace)))
}

// Restart stops, as Stop does, and starts again.
func (e containers) Restart(ctx context.Context, id string, grace time.Duration) error {
	ctx, cancel := e.end(ctx, grace)
	defer cancel()
	return e.explain(ctx, "restart container "+short(id), e.api.ContainerRestart(ctx, id, stopOptions(grace)))
}

// Rename gives a container another name; ErrConflict when it is taken.
func (e containers) Rename(ctx context.Context, id, name string) error {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	return e.explain(ctx, "rename container "+short(id)+" to "+name, e.api.ContainerRename(ctx, id, name))
}

// Kill sends a signal ("SIGHUP"; "" is SIGKILL) to the container's process.
func (e containers) Kill(ctx context.Context, id, signal string) error {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	return e.explain(ctx, "kill container "+short(id), e.api.ContainerKill(ctx, id, signal))
}

// RestartPolicy changes when the engine starts a container again by itself.
func (e containers) RestartPolicy(ctx context.Context, id, policy string) error {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	_, err := e.api.ContainerUpdate(ctx, id, container.UpdateConfig{
		RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyMode(policy)},
	})
	return e.explain(ctx, "change the restart policy of container "+short(id), err)
}

// Remove kills and removes a container, and never a volume. When it returns
// nil the container is gone; one that was not there is fine.
func (e containers) Remove(ctx context.Context, id string) error {
	ctx, cancel := e.change(ctx)
	defer cancel()
	err := e.api.ContainerRemove(ctx, id, container.RemoveOptions{Force: true})
	if isGone(err) {
		return nil
	}
	doing := "remove container " + short(id)
	if errdefs.IsConflict(err) && strings.Contains(err.Error(), "already in progress") {
		done, failed := e.api.ContainerWait(ctx, id, container.WaitConditionRemoved)
		select {
		case <-done:
			return nil
		case err = <-failed:
			if isGone(err) {
				return nil
			}
		}
	}
	return e.explain(ctx, doing, err)
}

func stopOptions(grace time.Duration) container.StopOptions {
	return container.StopOptions{Timeout: spec.Seconds(grace)}
}

// short cuts a container id as the docker command prints it; names stay.
func short(id string) string {
	if len(id) == 64 {
		return id[:12]
	}
	return id
}
