package e2e_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/marketcalls/openalgo-install/internal/compose"
)

// The main way: from nothing to https, over either challenge.
func TestEdgeIssues(t *testing.T) {
	t.Parallel()
	for name, closed := range map[string]string{"http-01": "https", "tls-alpn-01": "http"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEdge(t, closed)
			i := newInstance(t)
			i.write(h.answers(h.domain))
			out := i.install(0)
			if !strings.Contains(out.stdout, "OpenAlgo is ready at https://"+h.domain) {
				t.Error(out.all())
			}
			res, err := h.client().Get("https://" + h.domain + "/auth/check-setup")
			if err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("%v %v", res, err)
			}
			_ = res.Body.Close()
			i.mustBeReady()
			if env := i.read(".env"); !strings.Contains(env, "https://"+h.domain) || !strings.Contains(env, "wss://"+h.domain+"/ws") {
				t.Error("the domain is not in .env")
			}
			again := i.install(0)
			if !strings.Contains(again.stdout, "Nothing to do") {
				t.Error(again.all())
			}
		})
	}
}

// routes asks every way in that OpenAlgo needs (docs/openalgo-facts.md 6), by the
// edge or by nginx: the table is the same.
func routes(t *testing.T, client *http.Client, domain, port string) {
	t.Helper()
	origin := "https://" + domain
	get := func(path string) *http.Request {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return req
	}
	status := func(path string) (*http.Response, string) {
		res, err := client.Do(get(path))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res, string(body)
	}

	for path, want := range map[string]int{
		"/": 200, "/auth/check-setup": 200, "/api/v1/ping": 200, "/socket.io/?EIO=4&transport=polling": 200,
		"/zerodha/callback?code=1": 200, "/strategy/webhook/abc": 200,
		"/.env": 403, "/.git/config": 403, "/static/.hidden": 403,
		"/.well-known/oauth-authorization-server": 200, "/.well-known/oauth-protected-resource": 200,
		"/mcp": 401, "/mcp/healthz": 200, "/mcp/.well-known/oauth-protected-resource": 200, "/oauth/jwks.json": 200,
		"/.well-known/none": 404,
	} {
		if res, body := status(path); res.StatusCode != want {
			t.Errorf("%s answers %d, want %d: %s", path, res.StatusCode, want, body)
		}
	}

	t.Run("headers", func(t *testing.T) {
		req := get("/api/v1/ping")
		forged := []string{"X-Real-Ip", "X-Forwarded-For", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP", "Forwarded"}
		for _, name := range forged {
			req.Header.Set(name, "6.6.6.6")
		}
		seen := arrived(t, client, req)
		for _, name := range []string{"Cf-Connecting-Ip", "True-Client-Ip", "X-Client-Ip", "Forwarded"} {
			if got := seen.Header.Get(name); got != "" {
				t.Errorf("a forged %s gets through: %s", name, got)
			}
		}
		for _, name := range []string{"X-Real-Ip", "X-Forwarded-For"} {
			if got := seen.Header.Get(name); got != "127.0.0.1" {
				t.Errorf("%s is %q, want 127.0.0.1", name, got)
			}
		}
		if got := seen.Header.Get("X-Forwarded-Proto"); got != "https" {
			t.Errorf("X-Forwarded-Proto is %q", got)
		}
		if host, _, _ := strings.Cut(seen.Host, ":"); host != domain {
			t.Errorf("Host is %q", seen.Host)
		}
		if seen.Header.Get("Upgrade") != "" {
			t.Error("an upgrade is forced")
		}
		res, _ := status("/")
		for _, name := range []string{"Strict-Transport-Security"} {
			if got := res.Header.Values(name); len(got) != 1 {
				t.Errorf("%s: %q", name, got)
			}
		}
		if got := protocol(t, client, domain); got != "h2" {
			t.Errorf("%q is spoken, want HTTP/2", got)
		}
	})

	t.Run("a large header and a large body", func(t *testing.T) {
		req := get("/api/v1/ping")
		req.Header.Set("X-Large", strings.Repeat("x", 64<<10))
		if seen := arrived(t, client, req); len(seen.Header.Get("X-Large")) != 64<<10 {
			t.Error("the header is cut off")
		}
		const most = 100_000_000
		for size, want := range map[int64]int{most: http.StatusOK, 120_000_000: http.StatusRequestEntityTooLarge} {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, origin+"/api/v1/upload", io.LimitReader(zeros{}, size))
			req.ContentLength = size
			res, err := client.Do(req)
			if err != nil {
				if want == http.StatusRequestEntityTooLarge {
					continue // cut off in the middle, which is a refusal, too
				}
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if res.StatusCode != want || want == http.StatusOK && !strings.Contains(string(body), fmt.Sprint(size)) {
				t.Errorf("%d bytes: %d, want %d", size, res.StatusCode, want)
			}
		}
	})

	t.Run("a stream is not held back", func(t *testing.T) {
		res, err := client.Do(get("/socket.io/rehearsal/stream"))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		began := make([]byte, len("data: first\n\n"))
		if _, err := io.ReadFull(res.Body, began); err != nil || string(began) != "data: first\n\n" {
			t.Fatalf("%q, %v", began, err)
		}
		rest := make(chan struct{})
		go func() { _, _ = io.ReadAll(res.Body); close(rest) }()
		select {
		case <-rest:
			t.Error("the stream came at once, at its end")
		case <-time.After(100 * time.Millisecond):
		}
	})

	t.Run("WebSockets", func(t *testing.T) {
		for _, path := range []string{"/ws", "/ws/", "/ws/some/path", "/socket.io/?transport=websocket"} {
			echoes(t, dialEdge(t, client, "wss://"+domain+path), path)
		}
	})

	t.Run("http leads to https", func(t *testing.T) {
		req, _ := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+port+"/some/path?x=1", nil)
		req.Host = domain
		plain := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		res, err := plain.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if to := res.Header.Get("Location"); res.StatusCode/100 != 3 || !strings.HasPrefix(to, origin) || !strings.HasSuffix(to, "/some/path?x=1") {
			t.Errorf("%d to %q", res.StatusCode, to)
		}
	})
}

// protocol is what the edge chooses for a browser that can do HTTP/2.
func protocol(t *testing.T, client *http.Client, domain string) string {
	t.Helper()
	transport := client.Transport.(*http.Transport)
	conn, err := transport.DialContext(t.Context(), "tcp", "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	secure := tls.Client(conn, &tls.Config{ServerName: domain, RootCAs: transport.TLSClientConfig.RootCAs, NextProtos: []string{"h2", "http/1.1"}})
	if err := secure.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return secure.ConnectionState().NegotiatedProtocol
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// dialEdge opens a WebSocket over the edge; it speaks HTTP/1.1, as browsers do for these.
func dialEdge(t *testing.T, client *http.Client, url string) *websocket.Conn {
	t.Helper()
	one := client.Transport.(*http.Transport).Clone()
	one.ForceAttemptHTTP2, one.TLSNextProto = false, map[string]func(string, *tls.Conn) http.RoundTripper{}
	one.TLSClientConfig.NextProtos = nil
	t.Cleanup(one.CloseIdleConnections)
	conn, _, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{HTTPClient: &http.Client{Transport: one}})
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

func echoes(t *testing.T, conn *websocket.Conn, word string) {
	t.Helper()
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(word)); err != nil {
		t.Fatal(err)
	}
	if _, got, err := conn.Read(t.Context()); err != nil || string(got) != word {
		t.Fatalf("%q, %v", got, err)
	}
}

const mcpOn = "remote_mcp: {enabled: true}\n"

func TestEdgeRoutes(t *testing.T) {
	t.Parallel()
	h := newEdge(t)
	i := newInstance(t)
	i.write(h.answers(h.domain) + mcpOn)
	makeAccount(t, i, h.client(), h.domain, i.install(0))
	routes(t, h.client(), h.domain, fmt.Sprint(h.http))
}

// What the authority says is the reason, and all is as before.
func TestEdgeRefused(t *testing.T) {
	t.Parallel()
	h := newEdge(t, "http", "https")
	i := newInstance(t)
	i.write(h.answers(h.domain))
	out := i.install(4)
	out.mustSay(t, "there is no certificate for "+h.domain, "could not reach "+h.domain+" on port 80", "Rolled back")
	if left, _ := docker.Containers(t.Context(), compose.LabelProject+"="+h.project); len(left) > 0 {
		t.Error("an edge without a site is left")
	}
	if _, err := os.Stat(filepath.Join(h.dir, "caddy", "sites", h.domain+".caddy")); err == nil {
		t.Error("the site is left")
	}

	// With something that runs before: it is not touched at all.
	i.write("")
	i.install(0)
	before, env := i.container().ID, i.read(".env")
	i.write(h.answers(h.domain))
	i.install(4).mustSay(t, "OpenAlgo runs as before")
	if i.container().ID != before || i.read(".env") != env {
		t.Error("the former container or its .env is another one")
	}
	if c := i.container(); c.RestartCount != 0 || c.FinishedAt.After(c.StartedAt) {
		t.Error("it was stopped for a certificate that never came")
	}
	i.mustBeReady()
}

// Many browsers stay connected while others come and go.
func TestEdgeReloadDropsNobody(t *testing.T) {
	t.Parallel()
	h := newEdge(t)
	i := newInstance(t)
	i.write(h.answers(h.domain))
	i.install(0)
	client := h.client()
	var open []*websocket.Conn
	for range 200 {
		open = append(open, dialEdge(t, client, "wss://"+h.domain+"/ws"))
	}
	other := newInstance(t)
	second := "second-" + h.domain
	other.write(h.answers(second))
	other.install(0)
	for n, conn := range open {
		echoes(t, conn, fmt.Sprint("still here ", n))
	}
	other.run("uninstall", "--yes", "--purge="+other.project)
	for n, conn := range open {
		echoes(t, conn, fmt.Sprint("and still ", n))
	}
	if _, err := client.Get("https://" + second + "/"); err == nil {
		t.Error("the second one is still served")
	}
}

// An edge that is down is named by status and doctor, with what fixes it.
func TestEdgeStopped(t *testing.T) {
	t.Parallel()
	h := newEdge(t)
	i := newInstance(t)
	i.write(h.answers(h.domain))
	i.install(0)
	if err := docker.Stop(t.Context(), h.project, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if out := i.run("status"); !strings.Contains(out.stdout, "not ready: https://"+h.domain+" is not served") {
		t.Error(out.all())
	}
	if out := i.run("doctor"); !strings.Contains(out.stdout, " domain "+h.domain) {
		t.Error(out.all())
	}
	before := i.container()
	if out := i.run("domain", h.domain, "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustBeReady()
	if c := i.container(); c.ID != before.ID || !c.StartedAt.Equal(before.StartedAt) {
		t.Error("OpenAlgo was restarted for its edge")
	}
}

// Caddy renews by itself, and what the user adds to its options counts.
func TestEdgeRenews(t *testing.T) {
	t.Parallel()
	h := newEdge(t, "short-lived")
	options := filepath.Join(h.dir, "caddy", "options")
	if err := os.MkdirAll(options, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(options, "renew.caddy"), []byte("renew_interval 1s\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	i := newInstance(t)
	i.write(h.answers(h.domain))
	i.install(0)
	serial := func() string {
		res, err := h.client().Get("https://" + h.domain + "/auth/check-setup")
		if err != nil {
			return ""
		}
		_ = res.Body.Close()
		return res.TLS.PeerCertificates[0].SerialNumber.String()
	}
	first := serial()
	if first == "" {
		t.Fatal("not served")
	}
	eventually(t, "another certificate", func() bool { s := serial(); return s != "" && s != first })
	i.mustBeReady()
}

// The whole way as a rehearsal: a certificate, HTTPS, and nothing of it left.
func TestEdgeRehearsal(t *testing.T) {
	t.Parallel()
	h := newEdge(t)
	i := newInstance(t)
	i.write(h.answers(h.domain))
	out := i.run("--answers", i.answers, "--rehearse")
	if out.code != 0 {
		t.Fatal(out.all())
	}
	out.mustTell(t, "serve https://"+h.domain, "Everything was removed again")
	left, err := filepath.Glob(i.dir + "*")
	if err != nil || len(left) > 0 {
		t.Error(left, err)
	}
	if entries, _ := os.ReadDir(h.dir); len(entries) > 0 {
		t.Error("the edge's directory is not empty")
	}
	all, err := docker.Containers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if strings.Contains(c.Labels[compose.LabelWorkingDir], filepath.Base(i.dir)) {
			t.Errorf("%s is left", c.Name)
		}
	}
	volumes, _ := docker.Volumes(t.Context())
	for _, v := range volumes {
		if strings.Contains(v.Name, i.project) {
			t.Errorf("the volume %s is left", v.Name)
		}
	}
	// Beside the real thing it leaves the domain alone.
	i.install(0)
	out = i.run("--answers", i.answers, "--rehearse")
	if out.code != 0 {
		t.Fatal(out.all())
	}
	out.mustTell(t, "this instance already serves")
	if why := served(h.client(), h.domain); why != "" {
		t.Error(why)
	}
}

// After a failure an authority for trials is asked first: what is still wrong
// costs no attempt at the real one.
func TestEdgeTrialAfterAFailure(t *testing.T) {
	t.Parallel()
	h := newEdge(t)
	trials := startPebble(t, h.http, h.https)
	refuser := startPebble(t, freePort(t), freePort(t))
	roots, _ := os.ReadFile(h.root)
	for _, other := range []*pebble{trials, refuser} {
		text, _ := os.ReadFile(filepath.Join(other.dir, "cert.pem")) // its address may be asked; its certificates lead nowhere
		roots = append(roots, text...)
	}
	every := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(every, roots, 0o644); err != nil {
		t.Fatal(err)
	}
	i := newInstance(t)
	answers := func(ca, trial string) string {
		text := strings.Replace(h.answers(h.domain), h.root, every, 1)
		return strings.Replace(text, "  ca: "+h.ca, "  ca: "+ca+"\n  ca_trial: "+trial, 1)
	}
	i.write(answers(refuser.url, trials.url))
	i.install(4)
	i.write(answers(h.ca, refuser.url))
	i.install(4).mustTell(t, "gets a test certificate first", "there is no certificate for "+h.domain)
	i.write(answers(h.ca, trials.url))
	i.install(0).mustTell(t, "gets a test certificate first", "OpenAlgo is ready")
	if why := served(h.client(), h.domain); why != "" {
		t.Error(why)
	}
}

// Two first installs at once, on one edge: the one that is refused takes
// nothing away that the other needs.
func TestEdgeOfTwoAtOnce(t *testing.T) {
	t.Parallel()
	h := newEdge(t)
	refuser := startPebble(t, freePort(t), freePort(t))
	good, bad := newInstance(t), newInstance(t)
	good.write(h.answers(h.domain))
	text := strings.Replace(h.answers("bad-"+h.domain), "  ca: "+h.ca, "  ca: "+refuser.url, 1)
	bad.write(strings.Replace(text, "  ca_root: "+h.root, "  ca_root: "+refuser.rootFile, 1))
	ended := make(chan outcome)
	go func() { ended <- bad.run("--answers", bad.answers) }()
	// In the middle of the other's wait for its certificate.
	eventually(t, "the other's site", func() bool {
		_, err := os.Stat(filepath.Join(h.dir, "caddy", "sites", "bad-"+h.domain+".caddy"))
		return err == nil
	})
	good.install(0)
	if out := <-ended; out.code != 4 {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	if why := served(h.client(), h.domain); why != "" {
		t.Error(why)
	}
	good.mustBeReady()
	if out := good.install(0); !strings.Contains(out.stdout, "Nothing to do") {
		t.Error(out.all())
	}
}
