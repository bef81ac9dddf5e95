package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/plan"
)

// askDown asks whether OpenAlgo may stop now, and says why it does.
func (in *Session) askDown(ctx context.Context, down, reason string) error {
	o, err := in.observe(ctx)
	if err != nil {
		return err
	}
	o.FindByMount()
	c := o.Container()
	if c == nil || !isUp(*c) {
		return nil
	}
	return in.confirm(&plan.Plan{Project: o.Project, Asks: plan.AskWhileOpen(o, down),
		Changes: []plan.Change{{Kind: plan.KindContainer, Name: c.Name, Action: plan.ActionUpdate, Reason: reason}}})
}
