package plan

import (
	"github.com/marketcalls/openalgo-install/internal/downtime"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/step/compile"
	"github.com/marketcalls/openalgo-install/internal/step/still"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// ForContainer plans what becomes of the container, where no answer, file or data
// changes.
func ForContainer(o *world.Observation, i Intent) (*Plan, error) {
	switch i.Run {
	case Gone:
		return planRemoval(o, i)
	case Scheduled, Unscheduled:
		return planDaily(o, i)
	case Cleaned:
		return planClean(o, i)
	}
	c, err := guard.Present(o)
	if err == nil {
		err = guard.All(o)
	}
	if err != nil {
		return nil, err
	}
	p := begun(o, i)
	p.Stays = c
	becomes := func(reason string) {
		p.Add(Change{Kind: KindContainer, Name: c.Name, Action: ActionUpdate, Reason: reason})
	}
	up := stacks.IsUp(*c)
	stop, again := stopped(*c)
	switch {
	case i.Run == Up:
		reason := "wait until OpenAlgo answers"
		if c.State != "running" {
			reason = "it is " + c.State + ": start it"
		}
		becomes(reason)
		p.Commit = again
		return p, nil
	case i.Run == Down && up:
		becomes("stopped")
		p.Commit = []run.Step{&step.StopForGood{ID: c.ID, Name: c.Name}}
		p.Asks = askWhileOpen(o, DownForGood)
		return p, nil
	case i.Run == Again:
		becomes("stop it and start it again")
		p.Steps, p.Commit = stop, again
	case i.Run == Archived && c.State == "running" && i.Copier != nil:
		becomes("freeze it for a moment, to copy the latest changes")
		p.Steps = []run.Part{{Name: "freeze", Title: "copy the data, and freeze OpenAlgo while the latest changes are copied",
			Steps: []run.Step{&still.Freeze{ID: c.ID, Name: c.Name, Copier: i.Copier}}}}
		p.Downtime = &downtime.Estimate{Text: "OpenAlgo is frozen for less than a second, and its connections stay open"}
		p.Asks = askWhileOpen(o, FrozenForAMoment)
		return p, nil
	case i.Run == Archived && up:
		becomes("stop it while its data is copied, then start it again")
		p = p.ByStop(*c)
	case i.Run == Archived:
		becomes("its data is copied")
		p = p.ByStop(*c)
	}
	if up {
		p.Downtime = o.Downtime(c.ImageID, c.Image, i.Run == Archived)
		askForMarket(o, p)
	}
	return p, nil
}

// stopped are the steps that stop a container for a while, and what goes before so
// that the while is short.
func stopped(c docker.Container) (stop []run.Part, again []run.Step) {
	up := stacks.IsUp(c)
	return []run.Part{
			{Steps: []run.Step{&compile.First{ID: c.ID}}},
			{Name: "stop", Title: "stop " + c.Name,
				Steps: []run.Step{&step.StopContainer{ID: c.ID, Name: c.Name, Running: up, Began: c.StartedAt, Up: up}}},
		},
		[]run.Step{&step.StartAgain{ID: c.ID, Name: c.Name}, &compile.Later{ID: c.ID}}
}

// ByStop is the plan of a backup that stops the container, as it is now, if it runs.
func (p *Plan) ByStop(now docker.Container) *Plan {
	by := *p
	by.Stays = &now
	archive := run.Part{Steps: []run.Step{&step.Archive{Archiver: p.Intent.Archiver}}}
	if stop, again := stopped(now); stacks.IsUp(now) {
		by.Steps, by.Commit = append(stop, archive), again
	} else {
		by.Steps, by.Commit = []run.Part{archive}, nil
	}
	return &by
}

// Message says how a plan has ended that is for the container alone, once it is
// carried out.
func Message(p *Plan) string {
	switch p.Intent.Run {
	case Gone:
		return goneMessage(p)
	case Unscheduled:
		return "the daily backup is switched off; existing backups stay"
	case Cleaned:
		return "removed what is no longer needed, which frees " + freed(p)
	case Down:
		return p.Stays.Name + " is stopped. To start it again: " + finding.Command(p.dir, "start")
	}
	return p.Stays.Name + " is ready"
}

// Idle says why such a plan has nothing to do.
func Idle(p *Plan) string {
	switch p.Intent.Run {
	case Gone:
		return "nothing to do: there is no OpenAlgo in " + string(p.dir)
	case Unscheduled:
		return "nothing to do: there is no daily backup"
	case Cleaned:
		return "nothing to do: everything that is kept is still needed"
	}
	return p.Stays.Name + " is stopped already"
}
