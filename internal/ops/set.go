package ops

import (
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Set changes settings in .env, as the user asks: .env is checked by OpenAlgo's own
// rules, the container is recreated and verified, and rolled back when that fails.
func Set(e settings.Edit) Command {
	const name = "set"
	answered := changed(name, e.Apply)
	return Command{Name: name, settle: true, Wish: func(o *world.Observation) (plan.Intent, error) {
		if err := e.Allowed(); err != nil {
			return plan.Intent{Command: name}, err
		}
		i, err := answered(o)
		i.Env = e
		return i, err
	}}
}
