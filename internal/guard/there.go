package guard

import (
	"github.com/marketcalls/openalgo-install/internal/compose"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Present is the container of the instance, to look at.
func Present(o *world.Observation) (*docker.Container, error) {
	o.FindByMount()
	if err := NeitherRuns(o); err != nil {
		return nil, err
	}
	if c := o.Container(); c != nil {
		return c, nil
	}
	return nil, NoContainer(o)
}

// NeitherRuns refuses to choose between two containers that another tool made.
func NeitherRuns(o *world.Observation) error {
	if all := o.Containers; len(all) > 1 && !o.State.IsOurs() && !stacks.IsUp(all[0]) && all[0].Labels[compose.LabelProject] == "" {
		return finding.Named(finding.HostNotReady, "two-containers", "the containers %s and %s both use the .env of %s, and both are stopped", all[0].Name, all[1].Name, string(o.Dir)).
			With(finding.Shell("Check which one you use, then start that one", "docker start "+all[0].Name)).Ending(finding.Unchanged)
	}
	return nil
}

// NoContainer says why there is no container to work on: another directory or
// another Docker may have it.
func NoContainer(o *world.Observation) error {
	if err := Engine(o); err != nil {
		return err
	}
	if err := Project(o); err != nil {
		return err
	}
	return finding.Named(finding.HostNotReady, "container-missing", "there is no OpenAlgo container for %s", string(o.Dir)).
		With(append(world.Elsewhere(), finding.Run("Install one here", "--answers", "FILE"))...)
}
