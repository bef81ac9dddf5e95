package ops

import (
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Set makes the edit the user's: .env is checked by the app's own rules, the
// container swapped, verified, and put back when that fails.
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
