package world

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/ready"
)

// answerEdge looks at what keeps a domain from being served.
func answerEdge(ctx context.Context, resolver host.Resolver, q EdgeQuery, a *Answered) {
	if q.Domain != "" {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		a.Dns = host.CheckDNS(ctx, q.Domain, resolver)
		cancel()
	}
	if len(q.Firewall) > 0 {
		a.Firewall = host.Firewall(ctx, q.Firewall...)
	}
	if q.ReachPort != 0 && leads(a.Dns) {
		a.Reach = reach(ctx, q.Domain, q.ReachPort)
	}
}

// leads reports whether a domain leads here, or nobody can tell.
func leads(r host.DNSReport) bool { return r.Match || !r.Judged && !r.Cloudflare }

// reach listens on a port itself for a moment, and asks for a word by the
// domain's name.
func reach(ctx context.Context, domain string, port int) Reach {
	listener, err := net.Listen("tcp", ":"+strconv.Itoa(port))
	if err != nil {
		return NotAsked // somebody has it, and is named
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
	_, body, err := ready.Get(ctx, "http://"+domain+path)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return NotAsked
	case err != nil:
		return Unreached
	case string(body) == word:
		return ReachesHere
	}
	return ReachesOther
}
