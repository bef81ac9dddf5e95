package install

import (
	"context"
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// letsEncryptStaging gives certificates that nobody trusts and has no limits
// worth a thought: for rehearsals, and first when the last attempt failed.
const letsEncryptStaging = "https://acme-staging-v02.api.letsencrypt.org/directory"

// edgePlan is the part of a plan that concerns HTTPS.
type edgePlan struct {
	world.Way
	files []edge.File // to be written before the swap
	trial string      // authority to ask for a trial first; "" is none
	pull  string
	// Of the domain that is no longer served: done once all else is.
	gone     []edge.File
	goneFrom instance.Edge
}

// instanceEdge reads how the instance in dir is served; none where it is not known.
func instanceEdge(dir string) instance.Edge {
	s, err := instance.Dir(dir).LoadState()
	if err != nil {
		return instance.Edge{}
	}
	return s.Edge
}

// pullEdge brings the edge's image, before anything changes.
func (in *Installer) pullEdge(ctx context.Context, p *Plan) error {
	if p.edge == nil || p.edge.pull == "" {
		return nil
	}
	began := in.stepStarted("edge-image", "bring the image "+p.edge.pull)
	if _, err := in.Engine.Pull(ctx, p.edge.pull, in.images().Progress("edge-image")); err != nil {
		in.stepEnded("edge-image", event.Failed, began)
		return &finding.Error{Kind: finding.Failed, Err: fmt.Errorf("bringing the image of the edge, %s (nothing was changed): %w. "+
			"tls.edge.image names another one", p.edge.pull, err)}
	}
	in.stepEnded("edge-image", event.Done, began)
	return nil
}

// proxied is the name of the container that serves HTTPS for all, for messages.
func (e *edgePlan) what() string {
	if e.State.Kind == edge.KindNginx {
		return "nginx"
	}
	return compose.ProjectName(e.State.Dir)
}

// portsText is "80 and 443".
func (e *edgePlan) portsText() string {
	return strings.Join([]string{fmt.Sprint(e.State.HTTP), fmt.Sprint(e.State.HTTPS)}, " and ")
}

// openPorts opens the edge's ports in the host's firewall, where the answers
// ask for it; a firewall that is off stays off.
func (in *Installer) openPorts(ctx context.Context, p *Plan) error {
	if p.edge == nil || !p.edge.Act || !p.answers.TLS.OpenPorts {
		return nil
	}
	opened, err := host.OpenPorts(ctx, p.edge.State.HTTP, p.edge.State.HTTPS)
	for _, text := range opened {
		in.note(text)
	}
	if err != nil {
		return finding.Errorf(finding.HostNotReady, "opening the ports: %w", err)
	}
	return nil
}
