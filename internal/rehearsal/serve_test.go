package rehearsal_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// running is a stand-in in this process.
type running struct {
	t      *testing.T
	root   string
	web    string // address of the web server
	ws     string // address of the WebSocket server
	lines  chan string
	result chan error
	cancel context.CancelFunc
	log    []string // the lines read so far
}

// newRoot makes an /app with a sound .env, changed by the edits.
func newRoot(t *testing.T, edits map[string]string) string {
	t.Helper()
	root := t.TempDir()
	writeEnv(t, root, edits)
	return root
}

func writeEnv(t *testing.T, root string, edits map[string]string) {
	t.Helper()
	data, err := os.ReadFile("testdata/env")
	if err != nil {
		t.Fatal(err)
	}
	f, err := envfile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range slices.Sorted(maps.Keys(edits)) {
		if err := f.Set(key, edits[key]); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, ".env"), f.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start runs a stand-in on free ports; it ends with the test at the latest.
func start(t *testing.T, root string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	r := &running{t: t, root: root, lines: make(chan string, 1000), result: make(chan error, 1), cancel: cancel}
	go func() {
		defer close(r.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			r.lines <- s.Text()
		}
	}()
	go func() {
		err := rehearsal.Serve(ctx, rehearsal.ServeOptions{
			Root: root, HTTPAddr: "127.0.0.1:0", WebSocketAddr: "127.0.0.1:0",
			Version: "9.9.9", Out: in, RepeatEvery: time.Millisecond,
		})
		in.Close()
		r.result <- err
	}()
	t.Cleanup(func() {
		cancel()
		for range r.lines { // let it write its last words
		}
	})
	return r
}

// up starts a stand-in and waits until it listens.
func up(t *testing.T, root string) *running {
	t.Helper()
	r := start(t, root)
	r.web = r.waitFor("Web listens on ")
	for _, line := range r.log {
		if _, addr, ok := strings.Cut(line, "WebSocket listens on "); ok {
			r.ws = addr
		}
	}
	return r
}

// waitFor reads the log up to a line with these words and returns what follows them.
func (r *running) waitFor(words string) string {
	r.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case line, open := <-r.lines:
			if !open {
				r.t.Fatalf("ended without %q; log:\n%s", words, strings.Join(r.log, "\n"))
			}
			r.log = append(r.log, line)
			if _, rest, ok := strings.Cut(line, words); ok {
				return rest
			}
		case <-deadline:
			r.t.Fatalf("no %q in the log:\n%s", words, strings.Join(r.log, "\n"))
		}
	}
}

// end waits for the stand-in and returns its exit code.
func (r *running) end() int {
	r.t.Helper()
	for line := range r.lines {
		r.log = append(r.log, line)
	}
	err := <-r.result
	var exit *rehearsal.ExitError
	if errors.As(err, &exit) {
		return exit.Code
	}
	if err != nil {
		r.t.Fatalf("Serve: %v", err)
	}
	return 0
}

func (r *running) get(path string) (int, string) {
	r.t.Helper()
	resp, err := http.Get("http://" + r.web + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func (r *running) getJSON(path string, v any) {
	r.t.Helper()
	status, body := r.get(path)
	if status != http.StatusOK {
		r.t.Fatalf("GET %s: %d %s", path, status, body)
	}
	if err := json.Unmarshal([]byte(body), v); err != nil {
		r.t.Fatalf("GET %s: %v in %s", path, err, body)
	}
}

func (r *running) needsSetup() bool {
	r.t.Helper()
	var answer struct {
		Status     string `json:"status"`
		NeedsSetup *bool  `json:"needs_setup"`
	}
	r.getJSON("/auth/check-setup", &answer)
	if answer.Status != "success" || answer.NeedsSetup == nil {
		r.t.Fatalf("check-setup answers %+v", answer)
	}
	return *answer.NeedsSetup
}

func TestServesTheAppsPaths(t *testing.T) {
	r := up(t, newRoot(t, nil))
	if !r.needsSetup() {
		t.Error("a new database should need its setup")
	}
	for path, want := range map[string]string{
		"/":              "<title>OpenAlgo test app</title>",
		"/health":        "<title>OpenAlgo test app</title>",
		"/health/status": `"status": "pass"`,
		"/auth/app-info": `"version": "9.9.9"`,
	} {
		if status, body := r.get(path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("GET %s: %d %s, want 200 with %s", path, status, body, want)
		}
	}
	for _, path := range []string{"/nothing", "/auth/nothing", "/rehearsal/"} {
		if status, _ := r.get(path); status != http.StatusNotFound {
			t.Errorf("GET %s: %d, want 404", path, status)
		}
	}
	r.cancel()
	if code := r.end(); code != 0 {
		t.Errorf("exit code %d after a stop, want 0", code)
	}
}

func TestWebSocket(t *testing.T) {
	r := up(t, newRoot(t, nil))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+r.ws+"/ws", &websocket.DialOptions{
		HTTPHeader: http.Header{"Origin": {"https://algo.example.com"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(ctx, websocket.MessageText, []byte(`{"action":"ping"}`)); err != nil {
		t.Fatal(err)
	}
	if _, message, err := c.Read(ctx); err != nil || string(message) != `{"action":"ping"}` {
		t.Fatalf("read %q, %v; want the same back", message, err)
	}
	gone := c.CloseRead(ctx)
	if err := c.Ping(ctx); err != nil {
		t.Errorf("ping: %v", err)
	}
	r.cancel()
	if code := r.end(); code != 0 {
		t.Errorf("exit code %d with a WebSocket open, want 0", code)
	}
	<-gone.Done()
}

func TestSetupOutlivesARestart(t *testing.T) {
	root := newRoot(t, nil)
	r := up(t, root)
	resp, err := http.Post("http://"+r.web+"/setup", "application/json", strings.NewReader(`{"username":"trader"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || r.needsSetup() {
		t.Fatalf("POST /setup: %s, and it still needs a setup", resp.Status)
	}
	r.cancel()
	r.end()

	r = up(t, root)
	if r.needsSetup() {
		t.Error("the user is gone after a restart")
	}
}

func TestDatabaseNeedsItsKeys(t *testing.T) {
	for _, key := range []string{"API_KEY_PEPPER", "FERNET_SALT"} {
		t.Run(key, func(t *testing.T) {
			root := newRoot(t, nil)
			r := up(t, root)
			r.cancel()
			r.end()

			writeEnv(t, root, map[string]string{key: strings.Repeat("ab", 32)})
			r = start(t, root)
			r.waitFor(rehearsal.SignatureSaltLost)
			r.waitFor("another API_KEY_PEPPER or FERNET_SALT")

			writeEnv(t, root, nil)
			r.cancel()
			r.end()
			up(t, root)
		})
	}
}

func TestForeignDatabaseIsLeftAlone(t *testing.T) {
	root := newRoot(t, nil)
	path := filepath.Join(root, "db", "openalgo.db")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	const sqlite = "SQLite format 3\x00"
	if err := os.WriteFile(path, []byte(sqlite), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, root)
	r.waitFor(rehearsal.SignatureError)
	if data, err := os.ReadFile(path); err != nil || string(data) != sqlite {
		t.Errorf("the database is now %q, %v", data, err)
	}
}

// TestRejectedEnv is the commonest failure: the process lives, nothing listens.
func TestRejectedEnv(t *testing.T) {
	tests := []struct {
		name  string
		edits map[string]string
		want  []string
	}{
		{"bad value", map[string]string{"FLASK_ENV": "prod"}, []string{rehearsal.SignatureError + "FLASK_ENV"}},
		{"all at once", map[string]string{"LOG_LEVEL": "LOUD", "WEBSOCKET_PORT": "70000"}, []string{
			rehearsal.SignatureError + "WEBSOCKET_PORT", rehearsal.SignatureError + "LOG_LEVEL",
		}},
		{"broker", map[string]string{"REDIRECT_URL": "http://127.0.0.1:5000/nobody/callback"}, []string{rehearsal.SignatureError + "REDIRECT_URL"}},
		{"broker key", map[string]string{
			"REDIRECT_URL": "http://127.0.0.1:5000/dhan/callback", "BROKER_API_KEY": "no-separator-canary",
		}, []string{rehearsal.SignatureError + "BROKER_API_KEY"}},
		{"older than the image", map[string]string{"ENV_CONFIG_VERSION": "1.0.6"}, []string{
			rehearsal.SignatureOldConfig, rehearsal.SignatureCancelled,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := newRoot(t, tt.edits)
			sample := "ENV_CONFIG_VERSION = '1.0.7'\n"
			if err := os.WriteFile(filepath.Join(root, ".sample.env"), []byte(sample), 0o644); err != nil {
				t.Fatal(err)
			}
			r := start(t, root)
			for range 2 { // the reason comes again and again
				for _, want := range tt.want {
					r.waitFor(want)
				}
			}
			r.cancel()
			if code := r.end(); code != 0 {
				t.Errorf("exit code %d, want 0: it is stopped, it did not end", code)
			}
			log := strings.Join(r.log, "\n")
			if strings.Contains(log, "listens on") {
				t.Error("it listened")
			}
			if strings.Contains(log, "canary") {
				t.Errorf("a secret in the log:\n%s", log)
			}
		})
	}
}

func TestMissingVariable(t *testing.T) {
	root := newRoot(t, nil)
	dropLine(t, filepath.Join(root, ".env"), "NGROK_ALLOW")
	r := start(t, root)
	r.waitFor(rehearsal.SignatureError + "NGROK_ALLOW")
}

func dropLine(t *testing.T, path, key string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, key) {
			kept = append(kept, line)
		}
	}
	if err := os.WriteFile(path, []byte(strings.Join(kept, "")), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEndsAtOnce(t *testing.T) {
	tests := []struct {
		name  string
		setUp func(t *testing.T) string
		code  int
		want  string
	}{
		{"no .env", func(t *testing.T) string { return t.TempDir() }, 1, rehearsal.SignatureNoEnv},
		{"empty .env", func(t *testing.T) string {
			root := t.TempDir()
			if err := os.WriteFile(filepath.Join(root, ".env"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return root
		}, 1, rehearsal.SignatureNoEnv},
		{".env is a directory", func(t *testing.T) string {
			root := t.TempDir()
			if err := os.Mkdir(filepath.Join(root, ".env"), 0o755); err != nil {
				t.Fatal(err)
			}
			return root
		}, 1, rehearsal.SignatureNoEnv},
		{"short APP_KEY", edited("APP_KEY", "short"), 3, rehearsal.SignatureCritical + "APP_KEY"},
		{"short pepper", edited("API_KEY_PEPPER", "short"), 3, rehearsal.SignatureCritical + "API_KEY_PEPPER"},
		{"MCP without its address", edited("MCP_HTTP_ENABLED", "True"), 3, rehearsal.SignatureBootFailed},
		{"asked to", edited("OPENALGO_REHEARSAL_FAIL", "exit"), 1, rehearsal.SignatureError},
		{"asked to, later", edited("OPENALGO_REHEARSAL_FAIL", "late-exit:1ms"), 1, "late-exit"},
		{"unknown fault", edited("OPENALGO_REHEARSAL_FAIL", "sometimes"), 1, "no such fault"},
		{"fault without its time", edited("OPENALGO_REHEARSAL_FAIL", "slow"), 1, "needs a time"},
		{"bad stop time", edited("OPENALGO_REHEARSAL_STOP", "long"), 1, "OPENALGO_REHEARSAL_STOP"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := start(t, tt.setUp(t))
			if code := r.end(); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if log := strings.Join(r.log, "\n"); !strings.Contains(log, tt.want) {
				t.Errorf("log without %q:\n%s", tt.want, log)
			}
		})
	}
}

func edited(key, value string) func(t *testing.T) string {
	return func(t *testing.T) string { return newRoot(t, map[string]string{key: value}) }
}

func TestPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var log strings.Builder
	err = rehearsal.Serve(t.Context(), rehearsal.ServeOptions{
		Root: newRoot(t, nil), HTTPAddr: taken.Addr().String(), WebSocketAddr: "127.0.0.1:0", Out: &log,
	})
	var exit *rehearsal.ExitError
	if !errors.As(err, &exit) || exit.Code != 1 || !strings.Contains(log.String(), "address already in use") {
		t.Errorf("Serve = %v, log %q", err, log.String())
	}
}
