package ops

import (
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// What is looked at has moved to world; these names stay until their users have.
type observed = world.Observation

func isUp(c engine.Container) bool   { return stacks.IsUp(c) }
func envOf(dir string) *envfile.File { return world.EnvOf(dir) }
