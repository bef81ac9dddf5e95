package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

// pullEdge brings the edge's image, before anything changes.
func pullEdge(ctx context.Context, in *Session, p *plan.Plan) error {
	if p.Edge == nil || p.Edge.Pull == "" {
		return nil
	}
	end := event.Begin(in.Report, "edge-image", "bring the image "+p.Edge.Pull)
	_, err := in.Engine.Pull(ctx, p.Edge.Pull, in.images().Progress("edge-image"))
	end(err)
	if err != nil {
		return finding.Named(finding.Failed, "pull-failed", "pull the image of the HTTPS proxy, %s (nothing was changed): %w. To use another image, set "+
			"tls.edge.image in the answers file", p.Edge.Pull, err)
	}
	return nil
}

// openPorts opens the edge's ports in the host's firewall, where the answers
// ask for it; a firewall that is off stays off.
func openPorts(ctx context.Context, in *Session, p *plan.Plan) error {
	if p.Edge == nil || !p.Edge.Act || !p.Answers.TLS.OpenPorts {
		return nil
	}
	opened, err := host.OpenPorts(ctx, p.Edge.State.HTTP, p.Edge.State.HTTPS)
	for _, text := range opened {
		in.note(text)
	}
	if err != nil {
		return finding.Named(finding.HostNotReady, "firewall-closed", "opening the ports: %w", err)
	}
	return nil
}
