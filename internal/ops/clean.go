package ops

import (
	"cmp"
	"context"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/installed"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/step/data"
	"github.com/marketcalls/openalgo-install/internal/surplus"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Clean removes what this program keeps for the instance and nothing needs any more:
// images of earlier releases but one, images that were built, and old copies of
// data. No volume is touched, and OpenAlgo goes on.
func Clean() Command {
	seen := surplus.Seen{}
	look := func(ctx context.Context, l *world.Looker) (*world.Observation, error) {
		o, err := l.Look(ctx, false)
		if err == nil {
			seen, err = surplus.Look(ctx, l, o)
		}
		return o, err
	}
	return Command{Name: plan.CommandClean, look: look, settle: true, act: endDown, Wish: func(o *world.Observation) (plan.Intent, error) {
		i := plan.Intent{Command: plan.CommandClean, Run: plan.Cleaned}
		if _, err := installed.Intent(o, i.Command); err != nil {
			return i, err
		}
		i.Notes = seen.Notes()
		for _, item := range seen.Items() {
			i.Spare = append(i.Spare, spare(o, item))
		}
		return i, nil
	}}
}

// spare is what nothing needs, as a part of a plan.
func spare(o *world.Observation, item surplus.Item) plan.Spare {
	out := plan.Spare{Why: item.Why, Bytes: item.Bytes}
	if item.Copy != "" {
		out.Kind, out.Name, out.Step = plan.KindFile, o.Dir.Work(item.Copy), &data.Clear{Base: item.Copy}
	} else {
		out.Kind, out.Name, out.Step = plan.KindImage, cmp.Or(strings.Join(item.Names, ", "), item.Image), &step.RemoveImage{ID: item.Image, Names: item.Names}
	}
	return out
}
