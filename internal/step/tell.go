package step

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step/data"
	"github.com/marketcalls/openalgo-install/internal/step/pair"
)

// AfterUndo says what there is once a run was undone.
func AfterUndo(t *run.Tools) string {
	old, start := run.Find[*StopContainer](t.Steps()), run.Find[*StartContainer](t.Steps())
	switch {
	case start != nil && start.WasDown, old != nil && !old.Running:
		return "The previous container is restored. It is stopped, as before"
	case old != nil && old.Broken:
		return "The previous container runs again. It does not answer, as before"
	case old != nil:
		return "OpenAlgo runs as before"
	case data.MadePlaces(t.Begun()) || pair.NewID(t) != "":
		return "OpenAlgo is not installed. .env and the volumes stay, and the next run uses the same encryption keys"
	}
	return "Nothing was changed"
}

// HadContainer reports whether a container ran before the run.
func HadContainer(t *run.Tools) bool { return run.Find[*StopContainer](t.Steps()) != nil }

// AfterFailedUndo says whether OpenAlgo runs, as Docker has it now.
func AfterFailedUndo(ctx context.Context, t *run.Tools) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	all, err := t.Engine.Containers(ctx)
	if err != nil {
		return "Docker does not answer, so openalgo-install cannot tell whether OpenAlgo runs."
	}
	old := run.Find[*StopContainer](t.Steps())
	for _, c := range all {
		if old != nil && c.ID == old.ID && stacks.IsUp(c) {
			return fmt.Sprintf("OpenAlgo runs as before, in the container %s, but not everything else is as before.", c.Name)
		}
		if c.ID == pair.NewID(t) && stacks.IsUp(c) {
			return fmt.Sprintf("The new container %s still runs. Do not trade with it before the rollback is complete.", c.Name)
		}
	}
	return "OpenAlgo is stopped."
}

// WhereData says where the data is while an undo is not finished.
func WhereData(t *run.Tools) string {
	if back := data.GoingBack(t); len(back) > 0 {
		return "Your data as it was before is in " + filepath.Dir(back[0].Copy(t)) + "."
	}
	return "Your data was not touched."
}
