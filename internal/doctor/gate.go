package doctor

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	probe "github.com/marketcalls/openalgo-install/internal/ready"
)

// gate is what keeps a new site closed until its admin account exists.
type gate struct {
	domain       string
	there, stale bool
	closed       bool // the site shows the gate's page to strangers
}

// look compares the gate with where OpenAlgo listens now, and asks the site as a
// stranger does.
func (c *gate) look(ctx context.Context, l Look, p *patient) {
	if p.instance == nil || p.container == nil {
		return
	}
	bind, port := p.container.Published(openalgo.WebPort)
	site := instance.Glance(instance.Dir(l.Dir)).Edge
	if site.Kind == "" || port == 0 {
		return
	}
	c.domain = site.Domain
	path := edge.GateFile(site.Kind, site.Dir, l.Dir, site.Domain)
	c.there, c.stale = edge.Gate{Kind: site.Kind, Domain: site.Domain, Web: edge.Upstream(bind, port)}.Look(path)
	if hasAccount(*p) {
		c.closed = probe.IsClosed(ctx, probe.SiteOf(site))
	}
}

// hasAccount reports whether OpenAlgo says that its admin account exists.
func hasAccount(p patient) bool {
	return p.instance != nil && p.instance.Ready && !p.instance.NoAccount
}

// judge tells of a gate that is another than it has to be. That there is no account
// yet, and no gate, is said where the account is looked at.
func (c *gate) judge(p patient) []Finding {
	fix := ours("domain", c.domain)
	switch {
	case c.closed:
		return failure("gate", finding.Named(finding.Failed, "gate-left", "https://%s is still closed to everybody, although the admin account exists", c.domain).With(fix))
	case c.there && c.stale:
		return warning("gate", finding.Warn("gate-stale", "what keeps https://%s closed until there is an admin account is for another port, or damaged: "+
			"it may let strangers in, or close the site later", c.domain).With(fix))
	case c.there && hasAccount(p):
		return ok("gate", "https://%s is open, since the admin account exists. The next change removes what kept it closed", c.domain)
	}
	return nil
}
