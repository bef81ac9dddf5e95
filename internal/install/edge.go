package install

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// letsEncryptStaging gives certificates that nobody trusts and has no limits
// worth a thought: for rehearsals, and first when the last attempt failed.
const letsEncryptStaging = "https://acme-staging-v02.api.letsencrypt.org/directory"

// front is what serves a stack over HTTPS: the edge's Caddy, or the host's nginx.
type front interface {
	Plan(context.Context, edge.Site) (*edge.Plan, error)
	Gone(domain, instance, dir string) (*edge.Plan, error)
	Apply(context.Context) error
	Await(ctx context.Context, domain string, trust edge.Trust, began time.Time) error
	Address() string
}

func edgeTrust(s instance.Edge) edge.Trust {
	site := edge.Site{}
	if s.Root != "" {
		site.CARoot, _ = readfile.Regular(s.Root, readfile.Config) // without it the check itself fails, and says so
	}
	trust := edge.TrustOf(site)
	trust.Any = s.Any
	return trust
}

// edgePlan is the part of a plan that concerns HTTPS.
type edgePlan struct {
	front   front
	site    edge.Site
	state   instance.Edge
	files   []edge.File // to be written before the swap
	act     bool        // something is to be done before the swap
	trial   string      // authority to ask for a trial first; "" is none
	certbot bool        // nginx: a certificate is to be asked for
	pull    string
	// Of the domain that is no longer served: done once all else is.
	gone     []edge.File
	goneFrom instance.Edge
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

// planEdge decides how the domain is served, and takes away what served
// another one before.
func (in *Installer) planEdge(ctx context.Context, o *observed, p *Plan) error {
	a, before := p.answers, o.state.Edge
	if a.TLS.Mode == "off" {
		if before.Kind == "" {
			return nil
		}
		p.edge = &edgePlan{}
		return in.planGone(ctx, p, before)
	}
	e, warnings, err := in.openEdge(ctx, o, p.intent, a)
	if err != nil {
		return edgeRefusal(err)
	}
	p.edge = e
	p.Warnings = append(p.Warnings, warnings...)
	if before.Kind != "" && before.Kind != e.state.Kind {
		return finding.Errorf(finding.HostNotReady, "%s is served by %s now, and both would want its ports: install with `tls: {mode: off}` first, then with the other", before.Domain, before.Kind)
	}
	plan, err := e.front.Plan(ctx, e.site)
	if err != nil {
		return edgeRefusal(err)
	}
	e.files, e.pull = plan.Files, plan.Pull
	p.addEdge(plan)
	e.act = len(plan.Changes) > 0
	if e.act && a.TLS.Mode == "auto" {
		if err := in.planTrial(p, a); err != nil {
			return err
		}
	}
	if before.Kind != "" && before.Domain != e.state.Domain {
		return in.planGone(ctx, p, before)
	}
	return nil
}

func (p *Plan) addEdge(plan *edge.Plan) {
	p.Warnings = append(p.Warnings, plan.Warnings...)
	for _, c := range plan.Changes {
		p.add(Change{Kind: c.Kind, Name: c.Name, Action: c.Action, Reason: c.Reason, Diff: c.Diff})
	}
}

// planGone plans to take the former site away.
func (in *Installer) planGone(ctx context.Context, p *Plan, before instance.Edge) error {
	f, err := in.openFront(ctx, before)
	if err != nil {
		p.warn("%s may still be served: %v", before.Domain, err)
		return nil
	}
	plan, err := f.Gone(before.Domain, p.project, string(in.dir))
	if err != nil {
		return err
	}
	p.addEdge(plan)
	p.edge.gone, p.edge.goneFrom = plan.Files, before
	return nil
}

// edgeRefusal gives an edge's error its exit code: the host is not ready.
func edgeRefusal(err error) error {
	if e := (*finding.Error)(nil); errors.As(err, &e) {
		return err
	}
	return finding.Errorf(finding.HostNotReady, "%w", err)
}

// openEdge opens what serves HTTPS, and describes the site for it.
func (in *Installer) openEdge(ctx context.Context, o *observed, i Intent, a answers.Answers) (*edgePlan, []string, error) {
	e := &edgePlan{site: edge.Site{
		Instance: o.project, Dir: string(in.dir), Domain: a.Domain, Email: a.TLS.Email, CA: a.TLS.CA, Cloudflare: a.TLS.Cloudflare,
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
	if info := in.Engine.Info(); !info.Local || info.Rootless {
		return nil, nil, finding.Errorf(finding.HostNotReady, "tls.mode %s needs Docker on this host, run by root: the edge listens on the host's own network. "+
			"Use `tls: {mode: nginx}`, or `off` with a proxy of your own", a.TLS.Mode)
	}
	c, err := edge.OpenCaddy(ctx, in.Engine, settings)
	if err != nil {
		return nil, nil, err
	}
	e.front = c
	e.state.Dir, e.state.HTTP, e.state.HTTPS = c.Dir, c.HTTP, c.HTTPS
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
	if _, err := in.Engine.Pull(ctx, p.edge.pull, in.progress("edge-image")); err != nil {
		in.stepEnded("edge-image", event.Failed, began)
		return &finding.Error{Kind: finding.Failed, Err: fmt.Errorf("bringing the image of the edge, %s (nothing was changed): %w. "+
			"tls.edge.image names another one", p.edge.pull, err)}
	}
	in.stepEnded("edge-image", event.Done, began)
	return nil
}

// proxied is the name of the container that serves HTTPS for all, for messages.
func (e *edgePlan) what() string {
	if e.state.Kind == edge.KindNginx {
		return "nginx"
	}
	return compose.ProjectName(e.state.Dir)
}

// portsText is "80 and 443".
func (e *edgePlan) portsText() string {
	return strings.Join([]string{fmt.Sprint(e.state.HTTP), fmt.Sprint(e.state.HTTPS)}, " and ")
}
