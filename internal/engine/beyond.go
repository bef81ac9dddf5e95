package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
)

// Beyond names what a container was made with beside its image, mounts, ports
// and variables, in the words of docker run and without values; and gives the
// engine's whole record of it as JSON, which may hold secrets. Errors are those
// of Container.
func (e containers) Beyond(ctx context.Context, id string) (options []string, record []byte, err error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	r, record, err := e.api.ContainerInspectWithRaw(ctx, id, false)
	if err != nil {
		return nil, nil, e.explain(ctx, "look at container "+short(id), err)
	}
	if r.Config == nil || r.ContainerJSONBase == nil || r.HostConfig == nil {
		return nil, nil, fmt.Errorf("Docker does not tell how container %s was created", short(id)) //nolint:staticcheck // a name
	}
	options = hostOptions(r.HostConfig)
	ofImage := map[string]string{}
	if image, err := e.api.ImageInspect(ctx, r.Image); err == nil && image.Config != nil {
		ofImage = image.Config.Labels
	}
	for label, value := range r.Config.Labels {
		if !strings.HasPrefix(label, "com.docker.compose.") && ofImage[label] != value {
			options = append(options, "--label "+label)
		}
	}
	slices.Sort(options)
	return options, record, nil
}

func hostOptions(h *container.HostConfig) (out []string) {
	for option, asked := range map[string]bool{
		"--memory": h.Memory > 0, "--cpus": h.NanoCPUs > 0 || h.CPUQuota > 0, "--cpuset-cpus": h.CpusetCpus != "",
		"--pids-limit": h.PidsLimit != nil && *h.PidsLimit > 0, "--dns": len(h.DNS) > 0, "--add-host": len(h.ExtraHosts) > 0,
		"--cap-add": len(h.CapAdd) > 0, "--cap-drop": len(h.CapDrop) > 0, "--device": len(h.Devices) > 0,
		"--privileged": h.Privileged, "--read-only": h.ReadonlyRootfs, "--tmpfs": len(h.Tmpfs) > 0,
		"--ulimit": len(h.Ulimits) > 0, "--sysctl": len(h.Sysctls) > 0, "--group-add": len(h.GroupAdd) > 0,
		"--network host": h.NetworkMode.IsHost(), "--network container": h.NetworkMode.IsContainer(),
	} {
		if asked {
			out = append(out, option)
		}
	}
	return out
}
