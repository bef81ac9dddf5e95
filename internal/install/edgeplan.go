package install

import (
	"errors"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// planEdge decides how the domain is served, and removes what served another
// one before.
func planEdge(o *observed, p *Plan) error {
	before, seen := o.State.Edge, o.Edge
	if p.answers.TLS.Mode == "off" {
		if before.Kind == "" {
			return nil
		}
		p.edge = &edgePlan{}
		return planGone(o, p)
	}
	if seen.OpenErr != nil {
		return edgeRefusal(seen.OpenErr)
	}
	p.edge = &edgePlan{Way: *seen.Way}
	p.Warnings = append(p.Warnings, seen.Warnings...)
	if before.Kind != "" && before.Kind != p.edge.State.Kind {
		return finding.Errorf(finding.HostNotReady, "%s is served by %s now, and both would want its ports: install with `tls: {mode: off}` first, then with the other", before.Domain, before.Kind)
	}
	if seen.PlanErr != nil {
		return edgeRefusal(seen.PlanErr)
	}
	p.edge.files, p.edge.pull = seen.Plan.Files, seen.Plan.Pull
	p.addEdge(seen.Plan)
	if p.edge.Act && p.answers.TLS.Mode == "auto" {
		if err := planTrial(o, p); err != nil {
			return err
		}
	}
	if before.Kind != "" && before.Domain != p.edge.State.Domain {
		return planGone(o, p)
	}
	return nil
}

func (p *Plan) addEdge(plan *edge.Plan) {
	p.Warnings = append(p.Warnings, plan.Warnings...)
	for _, c := range plan.Changes {
		p.add(Change{Kind: c.Kind, Name: c.Name, Action: c.Action, Reason: c.Reason, Diff: c.Diff})
	}
}

// planGone plans to remove the previous site.
func planGone(o *observed, p *Plan) error {
	gone := o.Edge.Gone
	switch {
	case gone.OpenErr != nil:
		p.warn("%s may still be served: %v", o.State.Edge.Domain, gone.OpenErr)
		return nil
	case gone.Err != nil:
		return gone.Err
	}
	p.addEdge(gone.Plan)
	p.edge.gone, p.edge.goneFrom = gone.Plan.Files, o.State.Edge
	return nil
}

// edgeRefusal gives an edge's error its exit code: the host is not ready.
func edgeRefusal(err error) error {
	if e := (*finding.Error)(nil); errors.As(err, &e) {
		return err
	}
	return finding.Errorf(finding.HostNotReady, "%w", err)
}
