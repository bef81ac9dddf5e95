package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/publicip"
)

// domain is where it leads, and the certificate that is shown there.
type domain struct {
	name        string
	dns         *host.DNSReport
	public      publicip.Address // asked for where this machine does not have it itself
	ours        bool             // this machine serves the domain
	certificate *certificate
}

// certificate is what the domain's server shows.
type certificate struct {
	err    error
	expiry time.Time
	issuer string
}

// look asks for the domain what anybody would see.
func (c *domain) look(ctx context.Context, l Look, p *patient) {
	if p.env == nil || p.instance == nil {
		return
	}
	server, _ := p.env.Get("HOST_SERVER")
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		return
	}
	c.name = u.Hostname()
	ctx, cancel := context.WithTimeout(ctx, 2*netTime)
	defer cancel()
	report := host.CheckDNS(ctx, c.name, nil)
	c.dns, c.ours = &report, p.instance.HTTPS != nil
	if !report.Judged && !report.Cloudflare && len(report.A) > 0 && l.Public != nil {
		c.public = l.Public(ctx) // it is behind a router, or in a cloud
	}
	if h := p.instance.HTTPS; h != nil {
		c.certificate = &certificate{issuer: "this machine's " + h.By}
		c.certificate.expiry, _ = time.Parse(time.RFC3339, h.Until)
		if h.Problem != "" {
			c.certificate.err = errors.New(h.Problem)
		}
	} else if len(report.A)+len(report.AAAA) > 0 {
		c.certificate = lookAtCertificate(ctx, u.Host)
	}
}

func lookAtCertificate(ctx context.Context, address string) *certificate {
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, "443")
	}
	c := &certificate{}
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: netTime}}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		c.err = err
		var invalid *tls.CertificateVerificationError
		if errors.As(err, &invalid) && len(invalid.UnverifiedCertificates) > 0 {
			c.expiry = invalid.UnverifiedCertificates[0].NotAfter
		}
		return c
	}
	defer conn.Close()
	if chain := conn.(*tls.Conn).ConnectionState().PeerCertificates; len(chain) > 0 {
		c.expiry, c.issuer = chain[0].NotAfter, chain[0].Issuer.String()
	}
	return c
}

func (c *domain) judge(p patient) []Finding { return append(c.address(), c.shown(p)...) }

func (c *domain) address() []Finding {
	switch {
	case c.dns == nil:
		return nil
	case c.dns.Match, c.isPublic():
		return ok("dns", "%s points to this machine", c.name)
	case c.dns.HostsLine > 0:
		return warning("dns", preflight.InHosts(c.dns.Problem, c.name))
	case !c.dns.Judged && (!c.ours || !c.public.IPv4.IsValid()):
		return unseen(warning("dns", finding.Warn("dns-unsure", "%s", c.dns.Problem)), "dns-mismatch")
	}
	return warning("dns", finding.Warn("dns-mismatch", "%s", c.dns.Problem))
}

// isPublic reports whether the domain points to the address that others see this
// machine by, which it may not know itself.
func (c *domain) isPublic() bool {
	return len(c.dns.A) == 1 && c.dns.A[0] == c.public.IPv4
}

// soon is how long before its end a certificate should have been renewed.
const soon = 21 * 24 * time.Hour

func (c *domain) shown(p patient) []Finding {
	found := c.state(p)
	for i := range found {
		if c.certificate != nil {
			found[i].Ends = c.certificate.expiry
		}
	}
	return found
}

func (c *domain) state(p patient) []Finding {
	seen := c.certificate
	switch {
	case c.dns == nil:
		return nil
	case seen == nil: // the domain has no address, or nobody tells it
		return unseen(ok("certificate", "the certificate of %s could not be looked at", c.name), "certificate-expired", "site-not-served", "certificate-expires")
	}
	left := seen.expiry.Sub(p.now)
	days := int(left.Hours() / 24)
	var hints []finding.Hint
	if p.instance != nil && p.instance.HTTPS != nil {
		hints = append(hints, ours("domain", c.name)) // starts the HTTPS proxy, and asks for a certificate again
	}
	switch {
	case !seen.expiry.IsZero() && left <= 0:
		return failure("certificate", finding.Named(finding.Failed, "certificate-expired", "the certificate of %s expired on %s", c.name, market.Day(seen.expiry)).With(hints...))
	case seen.err != nil:
		return failure("certificate", finding.Named(finding.Failed, "site-not-served", "%v", seen.err).With(hints...))
	case left < soon:
		return warning("certificate", finding.Warn("certificate-expires", "the certificate of %s expires in %d days, on %s", c.name, days, market.Day(seen.expiry)))
	}
	return ok("certificate", "of %s from %s, %d days left", c.name, seen.issuer, days)
}
