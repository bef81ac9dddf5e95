package world

import (
	"bufio"
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// LookAtEdge looks at what serves HTTPS, as answers need it.
func (l *Looker) LookAtEdge(ctx context.Context, o *Observation, a answers.Answers, rehearsal bool) {
	before, seen := o.State.Edge, &o.Edge
	off := a.TLS.Mode == "off"
	if before.Kind != "" && (off || before.Domain != a.Domain) {
		seen.Gone = seeGone(ctx, l, o, before)
	}
	if off {
		return
	}
	seen.Refused = Refusals(l.Dir, a.Domain, o.Now.Add(-RefusalsCount))
	var front Front
	if seen.Way, front, seen.Warnings, seen.OpenErr = openEdge(ctx, l, o, a, rehearsal); seen.OpenErr != nil {
		return
	}
	at := seen.Way.State
	seen.Way.Gate = edge.GateFile(at.Kind, at.Dir, string(l.Dir), at.Domain)
	seen.Way.Gated, seen.Way.GateStale = edge.Gate{Kind: at.Kind, Domain: at.Domain, Web: seen.Way.Site.Web}.Look(seen.Way.Gate)
	if before.Kind == "" || before.Kind == at.Kind {
		if seen.Plan, seen.PlanErr = front.Plan(ctx, seen.Way.Site); seen.PlanErr == nil {
			seen.Way.Act = len(seen.Plan.Changes) > 0
		}
	}
}

func seeGone(ctx context.Context, l *Looker, o *Observation, before instance.Edge) (seen Gone) {
	f, err := l.OpenFront(ctx, before)
	if err != nil {
		return Gone{OpenErr: err}
	}
	seen.Plan, seen.Err = f.Gone(before.Domain, o.Project, string(o.Dir))
	return seen
}

// openEdge opens what serves HTTPS, and describes the site for it.
func openEdge(ctx context.Context, l *Looker, o *Observation, a answers.Answers, rehearsal bool) (*Way, Front, finding.Warnings, error) {
	e := &Way{Site: edge.Site{
		Instance: o.Project, Dir: string(o.Dir), Domain: a.Domain, Email: a.TLS.Email, CA: a.TLS.CA, Cloudflare: a.TLS.Cloudflare,
		Web: edge.Upstream(a.Ports.Bind, a.Ports.Web), WebSocket: edge.Upstream(a.Ports.Bind, a.Ports.WebSocket),
	}}
	e.State = instance.Edge{Kind: edge.KindCaddy, Domain: a.Domain, Any: rehearsal}
	if a.TLS.CARoot != "" {
		text, err := readfile.Regular(a.TLS.CARoot, readfile.Config)
		if err != nil {
			return nil, nil, nil, finding.Named(finding.Usage, "certificate-unusable", "tls.ca_root: %w", err)
		}
		e.Site.CARoot, e.State.Root = text, a.TLS.CARoot
	}
	var warnings finding.Warnings
	if a.TLS.Mode == "auto" && a.TLS.Email == "" {
		warnings = append(warnings, finding.Warn("email-missing", "tls.email is not given: the certificate authority cannot write to you about the certificate"))
	}
	if a.TLS.Cert != "" {
		var err error
		if warnings, err = e.Site.ReadCertificate(a.TLS.Cert, a.TLS.Key, o.Now); err != nil {
			return nil, nil, nil, finding.Named(finding.Usage, "certificate-unusable", "%w", err)
		}
		e.State.Any = true
	}
	e.Settings = edge.Settings{Dir: a.TLS.Edge.Dir, Image: a.TLS.Edge.Image, HTTP: a.TLS.Edge.HTTP, HTTPS: a.TLS.Edge.HTTPS}
	if a.TLS.Mode == "nginx" {
		front, err := openNginx(ctx, l, e, a)
		return e, front, warnings, err
	}
	if info := o.Engine; !info.Local || info.Rootless {
		return nil, nil, nil, finding.Named(finding.HostNotReady, "proxy-needs-root", "tls.mode %s needs Docker on this machine, run by root: the HTTPS proxy uses this machine's own network", a.TLS.Mode).
			With(finding.Answer("Use nginx, or `off` with a proxy of your own", "tls: {mode: nginx}", `Go back to the page "HTTPS", and choose nginx or your own proxy`))
	}
	c, err := edge.OpenCaddy(ctx, l.Engine, e.Settings)
	if err != nil {
		return nil, nil, nil, err
	}
	e.State.Dir, e.State.HTTP, e.State.HTTPS = c.Dir, c.HTTP, c.HTTPS
	e.Runs, e.Holds = c.Runs(), map[int]bool{c.HTTP: c.Holds(c.HTTP), c.HTTPS: c.Holds(c.HTTPS)}
	return e, c, warnings, nil
}

func openNginx(ctx context.Context, l *Looker, e *Way, a answers.Answers) (Front, error) {
	e.State.Kind = edge.KindNginx
	n, err := edge.OpenNginx(ctx, e.Settings, webroot(l.Dir))
	if err != nil {
		return nil, err
	}
	e.State.HTTP, e.State.HTTPS = n.HTTP, n.HTTPS
	if a.TLS.Cert != "" || e.Site.FindCertificate(ctx) {
		return n, nil
	}
	if !a.TLS.Certbot {
		return nil, finding.Named(finding.Usage, "certificate-missing", "tls.mode nginx needs a certificate for %s, and there is none in /etc/letsencrypt/live: "+
			"name one with tls.cert and tls.key, or write `certbot: true` so that certbot asks Let's Encrypt for it", a.Domain)
	}
	e.Certbot = true
	return n, nil
}

// RefusalsCount is for how long a refusal makes a trial come first.
const RefusalsCount = 24 * time.Hour

// Refusals are the times of the attempts for a domain that failed since.
func Refusals(d instance.Dir, domain string, since time.Time) []time.Time {
	text, err := instance.ReadOwn(d.Work(instance.Refusals))
	if err != nil {
		return nil
	}
	var out []time.Time
	for scan := bufio.NewScanner(bytes.NewReader(text)); scan.Scan(); {
		stamp, name, _ := strings.Cut(scan.Text(), " ")
		if at, err := time.Parse(time.RFC3339, stamp); err == nil && name == domain && at.After(since) {
			out = append(out, at)
		}
	}
	return out
}
