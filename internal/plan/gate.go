package plan

import (
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step/gate"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// asksAccount reports whether a plan needs to know if OpenAlgo has an account. A
// rollback and a restore bring their own data.
func asksAccount(o *world.Observation, p *Plan) bool {
	i, served := p.Intent, o.Edge.Way != nil && !o.State.SetupDone
	return i.Adopts() || served && o.Container() != nil && !i.Restores() && i.Command != CommandRollback
}

// accountAfter reports whether OpenAlgo is known to have an account after a plan.
func accountAfter(o *world.Observation, p *Plan) bool {
	if p.Intent.Restores() {
		return p.Intent.Backup.Manifest.Setup || o.Answered.HasAccount
	}
	return o.State.SetupDone && len(o.Data) > 0 || // an empty database is right where there is none
		o.Answered.HasAccount // the new container must have the account, too
}

// planGate keeps a site closed to others until its admin account exists: the first
// visitor becomes the admin.
func planGate(o *world.Observation, p *Plan) {
	e := p.Edge
	switch account := accountAfter(o, p); {
	case e.Gate == "": // nobody looked
	case !account && (!e.Gated || e.GateStale):
		c := Change{Kind: KindFile, Name: e.Gate, Action: ActionCreate, Reason: "keeps https://" + e.State.Domain + " closed to others until you create the admin account"}
		if e.Gated {
			c.Action, c.Reason = ActionUpdate, c.Reason+". The plan is older than a change, or damaged"
		}
		p.Add(c)
		e.Steps = []run.Step{&gate.Close{Site: e.State, Path: run.In(o.Dir, e.Gate), Web: e.Site.Web}}
	case account && e.Gated:
		p.Add(Change{Kind: KindFile, Name: e.Gate, Action: ActionRemove, Reason: "the admin account exists"})
		e.Steps = []run.Step{&gate.Open{Site: e.State, Path: run.In(o.Dir, e.Gate)}}
	}
}
