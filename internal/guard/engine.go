package guard

import (
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Engine refuses to look for an instance on a Docker that is not its own.
func Engine(o *world.Observation) error {
	if err := enginesUser(o); err != nil {
		return err
	}
	was, now := o.State.Engine, world.RefOf(o.Engine)
	if o.Container() != nil || !was.IsAnother(now) {
		return nil
	}
	labelled := false
	for _, v := range o.Volumes {
		labelled = labelled || o.Here(v.Labels[stacks.LabelDir])
	}
	if labelled && !o.ElsewhereAnswers {
		return nil // that one is gone, and its data is here
	}
	return finding.Named(finding.HostNotReady, "engine", "the instance in %s runs on another Docker, at %s\n\nThe Docker in use now (%s) does not have its container and data.", string(o.Dir), was.Endpoint, now.Endpoint).
		With(finding.Shell("Choose that Docker, then run the same command again", "export DOCKER_HOST="+was.Endpoint),
			finding.Beside(string(o.Dir), "If that Docker is gone for good, its volumes are gone too. Then restore a backup into another directory", "restore", "FILE")).
		Ending(finding.Unchanged)
}

// enginesUser refuses to work for another user on a Docker that runs without root, root
// included: files would belong to somebody who is nobody in its containers.
func enginesUser(o *world.Observation) error {
	info := o.Engine
	if !info.Rootless || !info.Local || info.Inside || info.Enterable {
		return nil
	}
	return finding.Named(finding.HostNotReady, "other-engine", "Docker at %s runs without root, as %s\n\nOnly that user can use it. Its containers cannot read files that %s creates.", info.Endpoint, o.Host.EngineUser, o.Host.User).
		With(finding.Hint{Do: fmt.Sprintf("Run the same command as %s, without sudo", o.Host.EngineUser)},
			finding.Shell("To use the Docker of this user", "unset DOCKER_HOST DOCKER_CONTEXT")).Ending(finding.Unchanged)
}

// remapped refuses a Docker that gives containers other users of this machine, where
// nobody here may give them .env.
func remapped(o *world.Observation) error {
	info := o.Engine
	switch {
	case !info.UserNS || info.Rootless || !info.Local:
		return nil
	case info.UserBase == 0:
		return finding.Named(finding.HostNotReady, "user-map-unknown", "Docker runs containers as other users (userns-remap), and its directory %s does not tell which ones\n\nOpenAlgo would be "+
			"unable to read its .env.", info.RootDir).
			With(finding.Hint{Do: "Remove userns-remap from /etc/docker/daemon.json, or use a Docker that runs without root"}).Ending(finding.Unchanged)
	case !o.Host.Root:
		return finding.Named(finding.HostNotReady, "needs-root", "Docker runs containers as other users (userns-remap), so only root can give them .env\n\n%s", o.Host.BecomeRoot).Ending(finding.Unchanged)
	}
	return nil
}
