package ops

import (
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// What is looked at has moved to world; these names stay until their users have.
type (
	observed    = world.Observation
	portAsked   = world.Port
	ownerChange = world.Owner
	front       = world.Front
)

var (
	overrideNames = compose.OverrideNames
	rivalNames    = world.RivalNames
)

func isUp(c engine.Container) bool         { return stacks.IsUp(c) }
func isOpenAlgo(c engine.Container) bool   { return stacks.IsOpenAlgo(c) }
func dirOf(c engine.Container) string      { return stacks.DirOf(c) }
func envOf(dir string) *envfile.File       { return world.EnvOf(dir) }
func sameFile(a, b string) bool            { return stacks.SameFile(a, b) }
func directoryOf(m engine.Mount) string    { return world.DirectoryOf(m) }
func engineOf(e Docker) instance.EngineRef { return world.RefOf(e.Info()) }

func dataDirectories(c engine.Container) map[string]string { return world.DataDirectories(c) }
