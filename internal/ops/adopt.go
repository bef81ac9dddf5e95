package ops

import (
	"context"
	"maps"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/adopted"
	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Adopt takes over a stack that another tool made: the same .env and keys, the
// same data where it is, the same image, ports and domain; one recreate,
// verified, and the previous container back when that fails. With toVolumes the
// data that is in directories is copied into volumes; the directories stay.
func Adopt(toVolumes bool) Command {
	return Command{Name: plan.CommandAdopt, look: lookToAdopt, settle: true, Wish: func(o *world.Observation) (plan.Intent, error) {
		return asItIs(o, toVolumes)
	}}
}

// lookToAdopt looks at the stack that is here, and how it was made.
func lookToAdopt(ctx context.Context, l *world.Looker) (*world.Observation, error) {
	s, err := l.Dir.LoadState()
	if err != nil {
		return nil, err
	}
	if s.IsOurs() {
		return nil, finding.Named(finding.HostNotReady, "adopted-already", "openalgo-install manages the OpenAlgo in %s already. There is nothing to adopt", string(l.Dir))
	}
	o, err := l.Look(ctx, true)
	if err != nil {
		return nil, err
	}
	return o, l.LookAtMade(ctx, o)
}

// asItIs is the wish for the stack that is here, as it would have been installed.
func asItIs(o *world.Observation, toVolumes bool) (plan.Intent, error) {
	i := plan.Intent{Command: plan.CommandAdopt, Files: plan.Theirs}
	c := o.Container()
	if !stacks.IsUp(*c) {
		return i, finding.Named(finding.HostNotReady, "not-running", "%s is %s. Start it before the takeover, so that the result can be checked", c.Name, c.State).
			With(finding.Shell("Start it first", "docker start "+c.Name))
	}
	i.Env.TakenOver = settings.FromEnvironment(o.Env, c.Env, o.Made.ImageEnv)
	env, err := settings.With(o.Env, i.Env.TakenOver)
	if err == nil {
		i.Answers, err = adopted.Answers(o, env)
	}
	if err != nil {
		return i, err
	}
	if toVolumes {
		if err := guard.MayCopy(o, "moving data into volumes"); err != nil {
			return i, err
		}
		i.Data = plan.ToVolumes
		maps.DeleteFunc(i.Answers.Data, func(_, place string) bool { return strings.HasPrefix(place, "/") })
	}
	i.Image.Keep = &plan.Kept{Ref: c.Image}
	i.Answers.Image = o.Made.Source
	text := adopted.Describe(o, i.Answers)
	if o.Made.How != "" {
		text += "\n  " + o.Made.How
	}
	i.Notes = append(i.Notes, text)
	if problems := i.Answers.Check(); len(problems) > 0 {
		return i, finding.Named(finding.HostNotReady, "answers-invalid", "this instance cannot be adopted as it is: %w", &answers.Invalid{Problems: problems})
	}
	return i, nil
}
