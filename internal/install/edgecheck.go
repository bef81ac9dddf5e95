package install

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
)

// preflightEdge tells, before anything changes, what would keep the domain
// from being served.
func (in *Installer) preflightEdge(ctx context.Context, p *Plan, add func(string, ...any)) {
	e := p.edge
	if e == nil || !e.act {
		return
	}
	if e.state.Kind == edge.KindCaddy {
		in.preflightEdgePorts(ctx, e, add)
	}
	leads := in.preflightDomain(ctx, p, add)
	for _, text := range host.Firewall(ctx, e.state.HTTP, e.state.HTTPS) {
		p.warn("%s", text)
	}
	if leads && p.answers.TLS.Mode == "auto" {
		in.preflightReach(ctx, p)
	}
}

// preflightEdgePorts wants both ports free, unless the edge itself has them.
func (in *Installer) preflightEdgePorts(ctx context.Context, e *edgePlan, add func(string, ...any)) {
	c, _ := e.front.(*edge.Caddy)
	for _, port := range []int{e.state.HTTP, e.state.HTTPS} {
		if c != nil && c.Holds(port) {
			continue
		}
		who := in.containerOnPort(ctx, port)
		if who == "" {
			holder, err := host.PortHolder(ctx, "", port)
			if err != nil {
				add("checking port %d: %v", port, err)
				continue
			}
			if holder.Free {
				continue
			}
			who = holder.String()
		}
		hint := "stop it, or put OpenAlgo behind it with `tls: {mode: off}`"
		if holderIsNginx(who) {
			hint = "let it serve OpenAlgo too, with `tls: {mode: nginx}`, or stop it"
		}
		add("port %d, which HTTPS needs, is taken by %s: %s", port, who, hint)
	}
}

func holderIsNginx(who string) bool { return len(who) >= 5 && who[:5] == "nginx" }

// preflightDomain asks where the domain leads; true is here, or nobody can tell.
func (in *Installer) preflightDomain(ctx context.Context, p *Plan, add func(string, ...any)) bool {
	tls := p.answers.TLS
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if !tls.CheckDNS {
		return false
	}
	report := host.CheckDNS(ctx, p.answers.Domain, in.Resolver)
	switch {
	case report.Match:
		return true
	case report.Cloudflare && tls.Cloudflare:
		return false
	case report.Cloudflare:
		p.warn("%s. If the proxy shall stay on: `tls: {cloudflare: true}`, so that OpenAlgo sees who calls", report.Problem)
	case report.Judged && tls.Mode != "files":
		add("%s. If you know better: `tls: {check_dns: false}`", report.Problem)
	default:
		p.warn("%s", report.Problem)
	}
	return !report.Judged && !report.Cloudflare
}

// preflightReach listens on port 80 itself for a moment, and asks for a word
// by the domain's name. Where the answer is missing, only somebody outside can
// tell why: routers often do not lead a host back to itself.
func (in *Installer) preflightReach(ctx context.Context, p *Plan) {
	e := p.edge
	if c, ok := e.front.(*edge.Caddy); !ok || c.Runs() {
		return
	}
	listener, err := net.Listen("tcp", ":"+strconv.Itoa(e.state.HTTP))
	if err != nil {
		return // preflightEdgePorts has said why
	}
	word := rand.Text()
	const path = "/.well-known/openalgo-install"
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path {
			_, _ = io.WriteString(w, word)
		}
	})}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	url := "http://" + p.answers.Domain + path
	_, body, err := get(ctx, url)
	switch {
	case errors.Is(ctx.Err(), context.Canceled) || err == nil && string(body) == word:
	case err == nil:
		p.warn("port 80 of %s is answered by something else than this host: the certificate authority will meet it, too", p.answers.Domain)
	default:
		p.warn("port 80 of %s could not be reached from here. Behind a router that may be its fault alone (no hairpin NAT); "+
			"else a firewall or the provider's security group must let ports %s in", p.answers.Domain, e.portsText())
	}
}

// openPorts opens the edge's ports in the host's firewall, where the answers
// ask for it; a firewall that is off stays off.
func (in *Installer) openPorts(ctx context.Context, p *Plan) error {
	if p.edge == nil || !p.edge.act || !p.answers.TLS.OpenPorts {
		return nil
	}
	opened, err := host.OpenPorts(ctx, p.edge.state.HTTP, p.edge.state.HTTPS)
	for _, text := range opened {
		in.note(text)
	}
	if err != nil {
		return finding.Errorf(finding.HostNotReady, "opening the ports: %w", err)
	}
	return nil
}
