package ops

import (
	"context"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/status"
)

// ReadStatus describes every OpenAlgo on this Docker, or with onlyDir the one in
// that directory.
func ReadStatus(ctx context.Context, e *engine.Engine, machine sizing.Machine, onlyDir string) (status.Status, error) {
	return status.Look(ctx, e, status.Rules{
		Due: func(instances int, saved []byte) sizing.Sizing {
			due, _ := plan.DueSizing(machine, instances, plan.FixedSizing(saved))
			return due
		},
		Changes: func(env *envfile.File, last instance.State, c engine.Container, due sizing.Sizing) bool {
			return slices.ContainsFunc(plan.SizingLines(env, last, c, due, false), plan.SizingLine.Changes)
		},
	}, onlyDir)
}
