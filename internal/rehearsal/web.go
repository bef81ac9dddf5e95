package rehearsal

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/socket"
)

// largestBody is the most that a request may send, in bytes.
const largestBody = 64 << 10

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>OpenAlgo test app</title>
<h1>The test app runs</h1>
<p>This page comes from the test app of openalgo-install @VERSION@, not from OpenAlgo.
You can see it, so the way from your browser to this container works.
<p><a href="/rehearsal/report">What the test app sees</a>
`

// serving is an app that listens.
type serving struct{ *app }

// webHandler serves the app's paths on port 5000 (docs/openalgo-facts.md 3.1), and
// /rehearsal/ for what the app does not tell.
func (a serving) webHandler(started time.Time) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.servePage)
	mux.HandleFunc("GET /health", a.servePage)
	mux.HandleFunc("GET "+openalgo.CheckSetup, a.serveCheckSetup)
	mux.HandleFunc("GET "+openalgo.AppInfo, a.serveAppInfo)
	mux.HandleFunc("GET /health/status", a.serveHealthStatus)
	for _, path := range []string{"GET /setup", "GET /login"} {
		mux.HandleFunc(path, a.servePage)
	}
	mux.HandleFunc("GET /auth/login", a.serveLogin)
	mux.HandleFunc("POST /setup", a.serveSetup)
	mux.HandleFunc("GET /rehearsal/report", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, a.report())
	})
	mux.HandleFunc("GET /rehearsal/inside", a.serveInside)
	mux.HandleFunc("/rehearsal/request", serveRequest)
	for _, path := range []string{"/api/", "/static/", "/zerodha/", "/strategy/webhook/"} {
		mux.HandleFunc(path, serveRequest)
	}
	mux.HandleFunc("/socket.io/", serveSocketIO)
	mux.HandleFunc("/socket.io/rehearsal/stream", serveStream)
	a.handleMCP(mux)

	switch a.fault.kind {
	case failSilent:
		return http.HandlerFunc(neverAnswer)
	case failHTTP500:
		return brokenPages(mux)
	case failSlow:
		return after(started.Add(a.fault.delay), mux)
	}
	return mux
}

func (a serving) servePage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, strings.ReplaceAll(page, "@VERSION@", html.EscapeString(a.Version)))
}

func (a serving) serveCheckSetup(w http.ResponseWriter, _ *http.Request) {
	if a.fault.kind == failBadJSON {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"status": "succ`)
		return
	}
	// As Flask writes it, byte by byte: an HTTPS proxy sees only how long it is.
	text, _ := json.Marshal(map[string]any{"status": "success", "needs_setup": a.db.users() == 0})
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(text, '\n'))
}

func (a serving) serveAppInfo(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"status": "success", "version": a.Version, "name": "OpenAlgo rehearsal"})
}

func (a serving) serveHealthStatus(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"status": "pass", "version": "1.0", "serviceId": "openalgo"})
}

// serveLogin leads where OpenAlgo does: to the setup while there is no account.
func (a serving) serveLogin(w http.ResponseWriter, r *http.Request) {
	to := "/login"
	if a.db.users() == 0 {
		to = "/setup"
	}
	http.Redirect(w, r, to, http.StatusFound)
}

// serveForm makes the first account by OpenAlgo's own form; later calls make none.
func (a serving) serveForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, largestBody)
	name := r.PostFormValue("username")
	if name == "" {
		http.Error(w, "username is missing", http.StatusBadRequest)
		return
	}
	if a.db.users() == 0 {
		if err := a.db.addUser(name); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	http.Redirect(w, r, "/auth/login", http.StatusFound)
}

// serveSetup adds a user: {"username": "..."}. A password is not looked at.
func (a serving) serveSetup(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		a.serveForm(w, r)
		return
	}
	var user struct {
		Username string `json:"username"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, largestBody)).Decode(&user)
	if err != nil || user.Username == "" {
		writeJSON(w, http.StatusBadRequest, map[string]any{"status": "error", "message": `send {"username": "..."}`})
		return
	}
	if err := a.db.addUser(user.Username); err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]any{"status": "error", "message": err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"status": "success"})
}

// Request is what /rehearsal/request answers: the request as it arrived, so
// that a proxy's headers can be seen. Credentials in it are masked.
type Request struct {
	Method     string      `json:"method"`
	Host       string      `json:"host"`
	URI        string      `json:"uri"`
	RemoteAddr string      `json:"remote_addr"`
	BodyBytes  int64       `json:"body_bytes"`
	Header     http.Header `json:"header"`
}

func serveRequest(w http.ResponseWriter, r *http.Request) {
	bytes, _ := io.Copy(io.Discard, r.Body)
	header := r.Header.Clone()
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie"} {
		if header.Get(name) != "" {
			header.Set(name, secret.Mask)
		}
	}
	writeJSON(w, http.StatusOK, Request{Method: r.Method, Host: r.Host, URI: r.RequestURI, RemoteAddr: r.RemoteAddr, BodyBytes: bytes, Header: header})
}

// serveStream sends a line at once and another when its client has had time to
// read the first: a proxy that buffers shows both together.
func serveStream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, "data: first\n\n")
	_ = http.NewResponseController(w).Flush()
	select {
	case <-time.After(2 * time.Second):
		_, _ = io.WriteString(w, "data: second\n\n")
	case <-r.Context().Done():
	}
}

// serveSocketIO takes WebSockets as the app does here, and shows polls as they arrive.
func serveSocketIO(w http.ResponseWriter, r *http.Request) {
	if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		socket.Echo(w, r)
		return
	}
	serveRequest(w, r)
}

// forbidMCP in .env makes the test app answer as a proxy that forbids hidden files.
const forbidMCP = "OPENALGO_REHEARSAL_MCP"

// handleMCP serves what AI clients look for, when .env switches it on: who may
// log in where, and an endpoint that wants a token. The app's own blueprint is
// absent otherwise (docs/openalgo-facts.md 6).
func (a serving) handleMCP(mux *http.ServeMux) {
	if !strings.EqualFold(a.setting("MCP_HTTP_ENABLED"), "true") {
		return
	}
	origin := a.setting("MCP_PUBLIC_URL")
	for path, doc := range map[string]map[string]any{
		"/.well-known/oauth-protected-resource":     {"resource": origin + "/mcp", "authorization_servers": []string{origin}},
		"/mcp/.well-known/oauth-protected-resource": {"resource": origin + "/mcp", "authorization_servers": []string{origin}},
		"/.well-known/oauth-authorization-server":   {"issuer": origin},
		"/oauth/jwks.json":                          {"keys": []string{}},
		"/mcp/healthz":                              {"status": "ok", "service": "openalgo-mcp"},
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			if a.setting(forbidMCP) != "" {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			writeJSON(w, http.StatusOK, doc)
		})
	}
	mux.HandleFunc("/mcp", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer resource_metadata="`+origin+`/.well-known/oauth-protected-resource"`)
		writeJSON(w, http.StatusUnauthorized, map[string]any{"error": "invalid_token"})
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	// A client that has gone away is no concern of ours.
	_ = enc.Encode(v)
}

// neverAnswer holds a request until its client gives up or the process ends.
func neverAnswer(w http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
	w.WriteHeader(http.StatusServiceUnavailable)
}

func brokenPages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/rehearsal/") {
			next.ServeHTTP(w, r)
			return
		}
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
	})
}

// after holds every request until ready, as the app does while its databases
// are made.
func after(ready time.Time, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(time.Until(ready)):
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
}

// webSocketHandler serves port 8765: it takes a connection on any path and of any
// origin, as the app's proxy does, and sends every message back. Pings are answered.
func (a serving) webSocketHandler() http.Handler {
	if a.fault.kind == failSilent {
		return http.HandlerFunc(neverAnswer)
	}
	return http.HandlerFunc(socket.Echo)
}
