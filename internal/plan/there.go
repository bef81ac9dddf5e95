package plan

import (
	"errors"
	"fmt"

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
		return finding.Errorf(finding.HostNotReady, "containers %s and %s both use the .env of %s, and neither runs\n\nCheck which one you use, then start it:\n\n    docker start %[1]s\n\nNothing was changed.", all[0].Name, all[1].Name, string(o.Dir))
	}
	return nil
}

// NoContainer says why there is no container to work on: another directory or
// another Docker may have it.
func NoContainer(o *world.Observation) error {
	if err := GuardEngine(o); err != nil {
		return err
	}
	if err := GuardProject(o); err != nil {
		return err
	}
	return &finding.Error{Kind: finding.HostNotReady, Err: &noContainerError{string(o.Dir)}}
}

// ErrNoContainer says that an instance has no container.
var ErrNoContainer = errors.New("no container")

type noContainerError struct{ dir string }

func (e *noContainerError) Is(target error) bool { return target == ErrNoContainer }

func (e *noContainerError) Error() string {
	return fmt.Sprintf("there is no OpenAlgo container for %s\n\nTo list what is on this machine:\n\n    sudo openalgo-install status\n\n"+
		"To work on an OpenAlgo in another directory, add --dir. To install one here:\n\n    sudo openalgo-install --dir %[1]s --answers FILE", e.dir)
}
