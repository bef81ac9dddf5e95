package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// ResizeOptions say what to size for and what may be overridden.
type ResizeOptions struct {
	RAMMiB, Cores int // 0: as measured
	// Instances share the machine; 0 counts those that run.
	Instances int
	// Force also changes lines of .env that the user set.
	Force bool
}

// Resize gives a stack the sizing that is due: seven lines of .env and one
// recreated container. It may be another tool's. Nothing to do is a success.
func Resize(r ResizeOptions) Command {
	return Command{Name: plan.CommandResize, look: lookToResize, Wish: r.wish}
}

// lookToResize finds a stack that another tool made, too.
func lookToResize(ctx context.Context, l *world.Looker) (*world.Observation, error) {
	o, err := l.Look(ctx, false)
	if err != nil {
		return nil, err
	}
	return o, world.LookAtForeign(l, o)
}

func (r ResizeOptions) wish(o *world.Observation) (plan.Intent, error) {
	i := plan.Intent{Command: plan.CommandResize, Instances: r.Instances, Size: plan.Size{Rule: plan.Due, RAMMiB: r.RAMMiB, Cores: r.Cores}}
	if r.Force {
		i.Size.Rule = plan.DueForced
	}
	if o.Container() == nil {
		return i, guard.NoContainer(o)
	}
	return i, nil
}
