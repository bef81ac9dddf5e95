package install

import (
	"errors"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// planEdge decides how the domain is served, and removes what served another
// one before.
func planEdge(o *observed, p *Plan) error {
	before, seen := o.state.Edge, o.edge
	if p.answers.TLS.Mode == "off" {
		if before.Kind == "" {
			return nil
		}
		p.edge = &edgePlan{}
		return planGone(o, p)
	}
	if seen.openErr != nil {
		return edgeRefusal(seen.openErr)
	}
	way := *seen.way
	p.edge = &way
	p.Warnings = append(p.Warnings, seen.warnings...)
	if before.Kind != "" && before.Kind != p.edge.state.Kind {
		return finding.Errorf(finding.HostNotReady, "%s is served by %s now, and both would want its ports: install with `tls: {mode: off}` first, then with the other", before.Domain, before.Kind)
	}
	if seen.planErr != nil {
		return edgeRefusal(seen.planErr)
	}
	p.edge.files, p.edge.pull = seen.plan.Files, seen.plan.Pull
	p.addEdge(seen.plan)
	if p.edge.act && p.answers.TLS.Mode == "auto" {
		if err := planTrial(o, p); err != nil {
			return err
		}
	}
	if before.Kind != "" && before.Domain != p.edge.state.Domain {
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
	gone := o.edge.gone
	switch {
	case gone.openErr != nil:
		p.warn("%s may still be served: %v", o.state.Edge.Domain, gone.openErr)
		return nil
	case gone.err != nil:
		return gone.err
	}
	p.addEdge(gone.plan)
	p.edge.gone, p.edge.goneFrom = gone.plan.Files, o.state.Edge
	return nil
}

// edgeRefusal gives an edge's error its exit code: the host is not ready.
func edgeRefusal(err error) error {
	if e := (*finding.Error)(nil); errors.As(err, &e) {
		return err
	}
	return finding.Errorf(finding.HostNotReady, "%w", err)
}
