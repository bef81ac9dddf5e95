package ready

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/templates"
)

// site serves the app over HTTPS, as the HTTPS proxy does.
func site(t *testing.T, a *app) Site {
	t.Helper()
	a.StartTLS()
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	return Site{Domain: "example.com", Port: a.port(), Trust: edge.Trust{Roots: roots}}
}

func TestHTTPS(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	s := site(t, a)
	p := &Prober{times: quick()}
	if err := p.AwaitHTTPS(t.Context(), s); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		change func(*app, *Site)
		want   string
	}{
		"nobody listens":      {func(_ *app, s *Site) { s.Port = 1 }, "but not over https://example.com/auth/check-setup: connection refused"},
		"another name":        {func(_ *app, s *Site) { s.Domain = "other.test" }, "other.test"},
		"nobody trusts it":    {func(_ *app, s *Site) { s.Trust = edge.Trust{} }, "certificate"},
		"a page of nginx's":   {func(a *app, _ *Site) { a.body = "<html>Welcome" }, "and not as OpenAlgo does"},
		"a bad gateway":       {func(a *app, _ *Site) { a.status = 502 }, "answers 502 Bad Gateway"},
		"no way to WebSocket": {func(a *app, _ *Site) { a.socket = false }, "wss://example.com/ws does not reach the WebSocket proxy"},
	} {
		other := s
		a.set(func(a *app) { a.status, a.body, a.socket = 200, `{"needs_setup": true}`, true; c.change(a, &other) })
		if err := AskHTTPS(t.Context(), other); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", name, err, c.want)
		}
	}
	a.set(func(a *app) { a.status, a.body, a.socket = 200, `{"needs_setup": true}`, true })
	mustNotBeReady(t, p.AwaitHTTPS(t.Context(), Site{Domain: "example.com", Port: 1}), "connection refused")
	untrusted := Site{Domain: "any.test", Port: s.Port, Trust: edge.Trust{Any: true}}
	if err := AskHTTPS(t.Context(), untrusted); err != nil {
		t.Errorf("a certificate that is taken as it is: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.AwaitHTTPS(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want Canceled", err)
	}
}

func TestMCP(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	answers := map[string]string{}
	reset := func() {
		for _, probe := range openalgo.MCPProbes {
			answers[probe.Path] = fmt.Sprintf("%d {%q: 1}", probe.Status, probe.Key)
		}
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		code, body, _ := strings.Cut(answers[r.URL.Path], " ")
		var status int
		_, _ = fmt.Sscan(code, &status)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	defer plain.Close()
	defer secure.Close()
	web := plain.Listener.Addr().String()
	over := &Site{Domain: "any.test", Port: secure.Listener.Addr().(*net.TCPAddr).Port, Trust: edge.Trust{Any: true}}
	reset()
	for _, s := range []*Site{nil, over} {
		if err := MCP(t.Context(), s, web); err != nil {
			t.Error(err)
		}
	}
	last := openalgo.MCPProbes[1].Path
	for answer, want := range map[string]string{"403 x": "answers 403", "404 x": "answers 404", "200 <html>": "not as OpenAlgo's MCP does"} {
		reset()
		answers[last] = answer
		mustNotBeReady(t, MCP(t.Context(), over, web), "remote MCP does not work", want)
	}
	mustNotBeReady(t, MCP(t.Context(), nil, "127.0.0.1:1"), "no answer from")
}

// A site is closed where a stranger sees the gate's page, and nothing else.
func TestIsClosed(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	s := site(t, a)
	page := string(templates.ClosedPage())
	for name, c := range map[string]struct {
		status int
		body   string
		want   bool
	}{
		"the gate": {http.StatusForbidden, page, true}, "its page of a proxy": {http.StatusForbidden, strings.TrimSpace(page) + "\n", true},
		"open": {http.StatusOK, "<h1>Login</h1>", false}, "forbidden by another": {http.StatusForbidden, "no", false}, "no answer": {0, "", false},
	} {
		a.set(func(a *app) { a.status, a.body = c.status, c.body })
		if got := IsClosed(t.Context(), s); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
