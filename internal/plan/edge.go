package plan

import (
	"errors"

	edge "github.com/marketcalls/openalgo-install/internal/edge/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// planEdge decides how the domain is served, and removes what served another
// one before.
func planEdge(o *world.Observation, p *Plan) error {
	before, seen := o.State.Edge, o.Edge
	if p.Answers.TLS.Mode == "off" {
		if before.Kind == "" {
			return nil
		}
		p.Edge = &EdgePlan{}
		return planGone(o, p)
	}
	if seen.OpenErr != nil {
		return edgeRefusal(seen.OpenErr)
	}
	p.Edge = &EdgePlan{Way: *seen.Way}
	p.Warn(seen.Warnings...)
	if before.Kind != "" && before.Kind != p.Edge.State.Kind {
		return finding.Named(finding.HostNotReady, "proxy-other", "%s is served by %s now, and both modes need the same ports. Install with `tls: {mode: off}` first, then with the new mode", before.Domain, before.Kind)
	}
	if seen.PlanErr != nil {
		return edgeRefusal(seen.PlanErr)
	}
	p.Edge.Files, p.Edge.Shared, p.Edge.Pull = seen.Plan.Files, seen.Plan.Shared, seen.Plan.Pull
	p.addEdge(seen.Plan)
	planGate(o, p)
	if p.Edge.Act && p.Answers.TLS.Mode == "auto" {
		var err error
		if p.Edge.Trial, err = preflight.Trial(o, p.Answers); err != nil {
			return err
		}
	}
	if before.Kind != "" && before.Domain != p.Edge.State.Domain {
		return planGone(o, p)
	}
	return nil
}

func (p *Plan) addEdge(plan *edge.Plan) {
	p.Warn(plan.Warnings...)
	for _, c := range plan.Changes {
		p.Add(Change{Kind: c.Kind, Name: c.Name, Action: c.Action, Reason: c.Reason, Diff: c.Diff})
	}
}

// planGone plans to remove the previous site.
func planGone(o *world.Observation, p *Plan) error {
	gone := o.Edge.Gone
	switch {
	case gone.OpenErr != nil:
		p.Warn(finding.Warn("site-may-stay", "%s may still be served: %v", o.State.Edge.Domain, gone.OpenErr))
		return nil
	case gone.Err != nil:
		return gone.Err
	}
	p.addEdge(gone.Plan)
	p.Edge.Gone, p.Edge.GoneFrom = gone.Plan.Files, o.State.Edge
	return nil
}

// edgeRefusal gives an edge's error its exit code: the host is not ready.
func edgeRefusal(err error) error {
	if e := (*finding.Error)(nil); errors.As(err, &e) {
		return err
	}
	return finding.Named(finding.HostNotReady, "proxy-unusable", "%w", err)
}
