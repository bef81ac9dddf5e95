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
	Way      *edgePlan // nil: nothing shall be served, or openErr says why it cannot be
	Warnings []string
	OpenErr  error
	Plan     *edge.Plan // what its files need
	PlanErr  error
	Gone     goneSeen    // of a domain that is no longer served
	Refused  []time.Time // when the authority refused this domain within the last day
}

// goneSeen is what has to go of a site that is no longer served.
type goneSeen struct {
	Plan    *edge.Plan
	OpenErr error // what serves it cannot be asked
	Err     error
}

// seeEdge looks at what serves HTTPS, as an intent needs it.
func (in *Installer) seeEdge(ctx context.Context, o *observed, i Intent) {
	a, before, seen := i.Answers, o.State.Edge, &o.Edge
	off := a.TLS.Mode == "off"
	if before.Kind != "" && (off || before.Domain != a.Domain) {
		seen.Gone = in.seeGone(ctx, o, before)
	}
	if off {
		return
	}
	seen.Refused = in.refusals(a.Domain, o.Now.Add(-refusalsCount))
	if seen.Way, seen.Warnings, seen.OpenErr = in.openEdge(ctx, o, i, a); seen.OpenErr != nil {
		return
	}
	if before.Kind == "" || before.Kind == seen.Way.State.Kind {
		if seen.Plan, seen.PlanErr = seen.Way.Front.Plan(ctx, seen.Way.Site); seen.PlanErr == nil {
			seen.Way.Act = len(seen.Plan.Changes) > 0
		}
	}
}

func (in *Installer) seeGone(ctx context.Context, o *observed, before instance.Edge) (seen goneSeen) {
	f, err := in.openFront(ctx, before)
	if err != nil {
		return goneSeen{OpenErr: err}
	}
	seen.Plan, seen.Err = f.Gone(before.Domain, o.Project, string(o.Dir))
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
	e := &edgePlan{Site: edge.Site{
		Instance: o.Project, Dir: string(o.Dir), Domain: a.Domain, Email: a.TLS.Email, CA: a.TLS.CA, Cloudflare: a.TLS.Cloudflare,
		Web: edge.Upstream(a.Ports.Bind, a.Ports.Web), WebSocket: edge.Upstream(a.Ports.Bind, a.Ports.WebSocket),
	}}
	e.State = instance.Edge{Kind: edge.KindCaddy, Domain: a.Domain, Any: i.Rehearsal}
	if a.TLS.CARoot != "" {
		text, err := readfile.Regular(a.TLS.CARoot, readfile.Config)
		if err != nil {
			return nil, nil, finding.Errorf(finding.Usage, "tls.ca_root: %w", err)
		}
		e.Site.CARoot, e.State.Root = text, a.TLS.CARoot
	}
	var warnings []string
	if a.TLS.Mode == "auto" && a.TLS.Email == "" {
		warnings = append(warnings, "tls.email is not given: the certificate authority could not tell anybody when a certificate is about to expire")
	}
	if a.TLS.Cert != "" {
		var err error
		if warnings, err = e.Site.ReadCertificate(a.TLS.Cert, a.TLS.Key, now()); err != nil {
			return nil, nil, finding.Errorf(finding.Usage, "%w", err)
		}
		e.State.Any = true
	}
	settings := edge.Settings{Dir: a.TLS.Edge.Dir, Image: a.TLS.Edge.Image, HTTP: a.TLS.Edge.HTTP, HTTPS: a.TLS.Edge.HTTPS}
	if a.TLS.Mode == "nginx" {
		return e, warnings, in.openNginx(ctx, e, a, settings)
	}
	if info := o.Engine; !info.Local || info.Rootless {
		return nil, nil, finding.Errorf(finding.HostNotReady, "tls.mode %s needs Docker on this host, run by root: the edge listens on the host's own network. "+
			"Use `tls: {mode: nginx}`, or `off` with a proxy of your own", a.TLS.Mode)
	}
	c, err := edge.OpenCaddy(ctx, in.Engine, settings)
	if err != nil {
		return nil, nil, err
	}
	e.Front = c
	e.State.Dir, e.State.HTTP, e.State.HTTPS = c.Dir, c.HTTP, c.HTTPS
	e.Runs, e.Holds = c.Runs(), map[int]bool{c.HTTP: c.Holds(c.HTTP), c.HTTPS: c.Holds(c.HTTPS)}
	return e, warnings, nil
}

func (in *Installer) openNginx(ctx context.Context, e *edgePlan, a answers.Answers, settings edge.Settings) error {
	n, err := edge.OpenNginx(ctx, settings, in.webroot())
	if err != nil {
		return err
	}
	e.Front = n
	e.State.Kind, e.State.HTTP, e.State.HTTPS = edge.KindNginx, n.HTTP, n.HTTPS
	if a.TLS.Cert != "" || e.Site.FindCertificate(ctx) {
		return nil
	}
	if !a.TLS.Certbot {
		return finding.Errorf(finding.Usage, "tls.mode nginx needs a certificate for %s, and there is none in /etc/letsencrypt/live: "+
			"name one with tls.cert and tls.key, or write `certbot: true` so that certbot asks Let's Encrypt for it", a.Domain)
	}
	e.Certbot = true
	return nil
}
