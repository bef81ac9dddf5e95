package plan

import (
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// planDaily plans that this machine makes a backup every day, or no longer does.
func planDaily(o *world.Observation, i Intent) (*Plan, error) {
	p := begun(o, i)
	if i.Run == Scheduled {
		if err := guard.All(o); err != nil {
			return nil, err
		}
		p.Add(Change{Kind: KindSchedule, Name: i.Daily, Action: ActionUpdate, Reason: "a backup every day"})
		return p, nil
	}
	endDaily(o, p)
	if !p.Empty() {
		p.Commit = []run.Step{&step.EndDaily{}}
	}
	return p, nil
}

// endDaily lists the files of this machine that make the daily backup.
func endDaily(o *world.Observation, p *Plan) {
	for _, file := range o.Removable.Daily {
		p.Add(Change{Kind: KindFile, Name: file, Action: ActionRemove, Reason: "the daily backup; existing backups stay"})
	}
}
