package install

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// edgeSeen is what serves HTTPS here, held against what the answers want.
type edgeSeen struct {
	way      *edgePlan // nil: nothing shall be served, or openErr says why it cannot be
	warnings []string
	openErr  error
	plan     *edge.Plan // what its files need
	planErr  error
	gone     goneSeen    // of a domain that is no longer served
	refused  []time.Time // when the authority refused this domain within the last day
}

// goneSeen is what has to go of a site that is no longer served.
type goneSeen struct {
	plan    *edge.Plan
	openErr error // what serves it cannot be asked
	err     error
}

// seeEdge looks at what serves HTTPS, as an intent needs it.
func (in *Installer) seeEdge(ctx context.Context, o *observed, i Intent) {
	a, before, seen := i.Answers, o.state.Edge, &o.edge
	off := a.TLS.Mode == "off"
	if before.Kind != "" && (off || before.Domain != a.Domain) {
		seen.gone = in.seeGone(ctx, o, before)
	}
	if off {
		return
	}
	seen.refused = in.refusals(a.Domain, o.now.Add(-refusalsCount))
	if seen.way, seen.warnings, seen.openErr = in.openEdge(ctx, o, i, a); seen.openErr != nil {
		return
	}
	if before.Kind == "" || before.Kind == seen.way.state.Kind {
		if seen.plan, seen.planErr = seen.way.front.Plan(ctx, seen.way.site); seen.planErr == nil {
			seen.way.act = len(seen.plan.Changes) > 0
		}
	}
}

func (in *Installer) seeGone(ctx context.Context, o *observed, before instance.Edge) (seen goneSeen) {
	f, err := in.openFront(ctx, before)
	if err != nil {
		return goneSeen{openErr: err}
	}
	seen.plan, seen.err = f.Gone(before.Domain, o.project, string(o.dir))
	return seen
}

// openFront opens the edge that a state names.
func (in *Installer) openFront(ctx context.Context, s instance.Edge) (front, error) {
	settings := edge.Settings{Dir: s.Dir, HTTP: s.HTTP, HTTPS: s.HTTPS}
	if s.Kind == edge.KindNginx {
		return edge.OpenNginx(ctx, settings, in.webroot())
	}
	settings.HTTP, settings.HTTPS = 0, 0 // as its files say
	return edge.OpenCaddy(ctx, in.Engine, settings)
}

// webroot is where nginx answers an authority's challenges from.
func (in *Installer) webroot() string { return in.dir.Path("acme") }

// openEdge opens what serves HTTPS, and describes the site for it.
func (in *Installer) openEdge(ctx context.Context, o *observed, i Intent, a answers.Answers) (*edgePlan, []string, error) {
	e := &edgePlan{site: edge.Site{
		Instance: o.project, Dir: string(o.dir), Domain: a.Domain, Email: a.TLS.Email, CA: a.TLS.CA, Cloudflare: a.TLS.Cloudflare,
		Web: edge.Upstream(a.Ports.Bind, a.Ports.Web), WebSocket: edge.Upstream(a.Ports.Bind, a.Ports.WebSocket),
	}}
	e.state = instance.Edge{Kind: edge.KindCaddy, Domain: a.Domain, Any: i.Rehearsal}
	if a.TLS.CARoot != "" {
		text, err := readfile.Regular(a.TLS.CARoot, readfile.Config)
		if err != nil {
			return nil, nil, finding.Errorf(finding.Usage, "tls.ca_root: %w", err)
		}
		e.site.CARoot, e.state.Root = text, a.TLS.CARoot
	}
	var warnings []string
	if a.TLS.Mode == "auto" && a.TLS.Email == "" {
		warnings = append(warnings, "tls.email is not given: the certificate authority could not tell anybody when a certificate is about to expire")
	}
	if a.TLS.Cert != "" {
		var err error
		if warnings, err = e.site.ReadCertificate(a.TLS.Cert, a.TLS.Key, now()); err != nil {
			return nil, nil, finding.Errorf(finding.Usage, "%w", err)
		}
		e.state.Any = true
	}
	settings := edge.Settings{Dir: a.TLS.Edge.Dir, Image: a.TLS.Edge.Image, HTTP: a.TLS.Edge.HTTP, HTTPS: a.TLS.Edge.HTTPS}
	if a.TLS.Mode == "nginx" {
		return e, warnings, in.openNginx(ctx, e, a, settings)
	}
	if info := o.engine; !info.Local || info.Rootless {
		return nil, nil, finding.Errorf(finding.HostNotReady, "tls.mode %s needs Docker on this host, run by root: the edge listens on the host's own network. "+
			"Use `tls: {mode: nginx}`, or `off` with a proxy of your own", a.TLS.Mode)
	}
	c, err := edge.OpenCaddy(ctx, in.Engine, settings)
	if err != nil {
		return nil, nil, err
	}
	e.front = c
	e.state.Dir, e.state.HTTP, e.state.HTTPS = c.Dir, c.HTTP, c.HTTPS
	e.runs, e.holds = c.Runs(), map[int]bool{c.HTTP: c.Holds(c.HTTP), c.HTTPS: c.Holds(c.HTTPS)}
	return e, warnings, nil
}

func (in *Installer) openNginx(ctx context.Context, e *edgePlan, a answers.Answers, settings edge.Settings) error {
	n, err := edge.OpenNginx(ctx, settings, in.webroot())
	if err != nil {
		return err
	}
	e.front = n
	e.state.Kind, e.state.HTTP, e.state.HTTPS = edge.KindNginx, n.HTTP, n.HTTPS
	if a.TLS.Cert != "" || e.site.FindCertificate(ctx) {
		return nil
	}
	if !a.TLS.Certbot {
		return finding.Errorf(finding.Usage, "tls.mode nginx needs a certificate for %s, and there is none in /etc/letsencrypt/live: "+
			"name one with tls.cert and tls.key, or write `certbot: true` so that certbot asks Let's Encrypt for it", a.Domain)
	}
	e.certbot = true
	return nil
}
