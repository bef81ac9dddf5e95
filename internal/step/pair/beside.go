package pair

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// RunsOn is a container that runs on a directory of data, and is neither the run's
// new one nor the one with this ID; nil is none.
func RunsOn(ctx context.Context, t *run.Tools, data, id string) (*engine.Container, error) {
	all, err := t.Engine.Containers(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the containers: %w", err)
	}
	for _, c := range all {
		if c.ID != NewID(t) && c.ID != id && stacks.IsUp(c) && mounts(ctx, t, c, data) {
			return &c, nil
		}
	}
	return nil, nil
}

// mounts reports whether a container has a directory of this machine mounted.
func mounts(ctx context.Context, t *run.Tools, c engine.Container, dir string) bool {
	return slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool {
		if !strings.HasPrefix(m.Target, openalgo.Dir+"/") {
			return false
		}
		path, _, err := stacks.DataPath(ctx, t.Engine, c, m.Target)
		return err == nil && path != "" && stacks.SameFile(path, dir)
	})
}

// beside is another OpenAlgo that runs on the databases of c; nil is none.
func beside(ctx context.Context, t *run.Tools, c engine.Container) (*engine.Container, error) {
	data, _, err := stacks.DataPath(ctx, t.Engine, c, openalgo.DB)
	if err != nil || data == "" {
		return nil, nil //nolint:nilerr // nobody runs on what is gone, and the start of c says so
	}
	other, err := RunsOn(ctx, t, data, c.ID)
	if other != nil && !isOpenAlgo(*other) {
		return nil, nil
	}
	return other, err
}

// isOpenAlgo reports whether a container has OpenAlgo's data and .env.
func isOpenAlgo(c engine.Container) bool {
	data := slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool { return m.Target == openalgo.DB })
	return data && (stacks.EnvSource(c) != "" || c.Labels[compose.LabelService] == compose.Service) && c.Labels["com.docker.compose.oneoff"] != "True"
}

// DataTaken reports whether another OpenAlgo runs on the databases of c, as one
// that the user created since may: c must not be started beside it. Where it does
// not answer, the user has to stop it.
func DataTaken(ctx context.Context, t *run.Tools, c engine.Container) (bool, error) {
	other, err := beside(ctx, t, c)
	if other == nil || err != nil {
		return false, err
	}
	if !Answers(ctx, t, *other) {
		return false, UsesData(*other)
	}
	t.Note(fmt.Sprintf("%s uses this data and answers, so it keeps running, and %s is not started", other.Name, c.Name))
	return true, nil
}

// UsesData says that a container has to be stopped first.
func UsesData(c engine.Container) error {
	return fmt.Errorf("container %s uses this data. Stop it first: docker stop %[1]s", c.Name)
}

// StartAlone starts a container, unless another one runs on its data.
func StartAlone(ctx context.Context, t *run.Tools, c engine.Container) bool {
	other, err := beside(ctx, t, c)
	return other == nil && err == nil && t.Engine.Start(ctx, c.ID) == nil
}
