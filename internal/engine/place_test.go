package engine_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// A setting that leads to no Docker: the error names the setting, has a name of its
// own, tells how to do without it, and never advises to install Docker.
func TestWrongSettings(t *testing.T) {
	dir, home := shortDir(t), t.TempDir()
	stale, err := net.Listen("unix", dir+"/stale.sock")
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	stale.Close()
	socket, _ := fake{api: "1.43", version: "24"}.socket(t, "")
	plain := httptest.NewServer(fake{api: "1.43"}.handler())
	defer plain.Close()
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	secure := httptest.NewUnstartedServer(fake{api: "1.43"}.handler())
	secure.Config.ErrorLog = quiet
	secure.StartTLS()
	defer secure.Close()
	tcp := func(s *httptest.Server) string { return "tcp://" + s.Listener.Addr().String() }

	dockerContext(t, home, "damaged", "", nil)
	damage(t, home, "damaged", "{")
	dockerContext(t, home, "other", "", nil)
	damage(t, home, "other", `{"Name": "other", "Endpoints": {"kubernetes": {}}}`)
	dockerContext(t, home, "nowhere", "npipe:////./pipe/docker", nil)
	dockerContext(t, home, "dead", tcp(dead), nil)
	dockerContext(t, home, "certs", tcp(secure), map[string][]byte{"ca.pem": []byte("x")})
	current := t.TempDir()
	writeFile(t, filepath.Join(current, "config.json"), []byte(`{"currentContext": "gone"}`), 0o600)
	cert, key := clientCert(t)
	for name, data := range map[string][]byte{"ca.pem": cert, "cert.pem": cert, "key.pem": key} {
		writeFile(t, filepath.Join(home, "certs", name), data, 0o600)
		writeFile(t, filepath.Join(home, "bad", name), []byte("no PEM"), 0o600)
	}

	for name, c := range map[string]struct {
		env   []string
		cause error
		id    string
		says  []string
		leave string // "" is "unset DOCKER_HOST"
	}{
		"no such context": {[]string{"DOCKER_CONTEXT", "gone"}, engine.ErrContext, "engine-context",
			[]string{`the Docker context "gone" does not exist`, "DOCKER_CONTEXT"}, "unset DOCKER_CONTEXT"},
		"no such current context": {[]string{"DOCKER_CONFIG", current}, engine.ErrContext, "engine-context",
			[]string{`"gone" does not exist`, current + "/config.json"}, "docker context use default"},
		"damaged context": {[]string{"DOCKER_CONTEXT", "damaged"}, engine.ErrContext, "engine-context",
			[]string{`cannot read the Docker context "damaged"`, "DOCKER_CONTEXT"}, "unset DOCKER_CONTEXT"},
		"context without Docker": {[]string{"DOCKER_CONTEXT", "other"}, engine.ErrContext, "engine-context",
			[]string{`cannot read the Docker context "other"`}, "unset DOCKER_CONTEXT"},
		"context without an address": {[]string{"DOCKER_CONTEXT", "nowhere"}, engine.ErrAddress, "engine-address",
			[]string{`"nowhere" has no address`, "npipe"}, "unset DOCKER_CONTEXT"},
		"dead context": {[]string{"DOCKER_CONTEXT", "dead"}, engine.ErrUnanswered, "engine-unanswered",
			[]string{"no Docker answers at " + tcp(dead), "DOCKER_CONTEXT"}, "unset DOCKER_CONTEXT"},
		"context with wrong TLS files": {[]string{"DOCKER_CONTEXT", "certs"}, engine.ErrTLS, "engine-tls",
			[]string{"TLS files", `"certs"`}, "unset DOCKER_CONTEXT"},
		"a name":        {[]string{"DOCKER_HOST", "localhost"}, engine.ErrAddress, "engine-address", []string{"DOCKER_HOST=localhost is not an address"}, ""},
		"a port":        {[]string{"DOCKER_HOST", "localhost:2375"}, engine.ErrAddress, "engine-address", []string{"is not an address"}, ""},
		"a path":        {[]string{"DOCKER_HOST", "/var/run/docker.sock"}, engine.ErrAddress, "engine-address", []string{"is not an address"}, ""},
		"half a path":   {[]string{"DOCKER_HOST", "unix://docker.sock"}, engine.ErrAddress, "engine-address", []string{"is not an address"}, ""},
		"no ssh host":   {[]string{"DOCKER_HOST", "ssh://"}, engine.ErrAddress, "engine-address", []string{"is not an address"}, ""},
		"ssh password":  {[]string{"DOCKER_HOST", "ssh://me:secret@host"}, engine.ErrAddress, "engine-address", []string{"ssh://me:xxxxx@host"}, ""},
		"no socket":     {[]string{"DOCKER_HOST", "unix://" + dir + "/none.sock"}, engine.ErrUnanswered, "engine-unanswered", []string{"/none.sock", "DOCKER_HOST"}, ""},
		"dead socket":   {[]string{"DOCKER_HOST", "unix://" + dir + "/stale.sock"}, engine.ErrUnanswered, "engine-unanswered", []string{"nothing listens on it", "DOCKER_HOST"}, ""},
		"dead port":     {[]string{"DOCKER_HOST", tcp(dead)}, engine.ErrUnanswered, "engine-unanswered", []string{"no Docker answers at " + tcp(dead), "DOCKER_HOST"}, ""},
		"no TLS files":  {[]string{"DOCKER_HOST", tcp(secure), "DOCKER_TLS_VERIFY", "1"}, engine.ErrTLS, "engine-tls", []string{"DOCKER_TLS_VERIFY", "ca.pem", home}, ""},
		"empty TLS dir": {[]string{"DOCKER_HOST", tcp(secure), "DOCKER_CERT_PATH", dir}, engine.ErrTLS, "engine-tls", []string{"DOCKER_CERT_PATH", "ca.pem", dir}, ""},
		"bad TLS files": {[]string{"DOCKER_HOST", tcp(secure), "DOCKER_CERT_PATH", filepath.Join(home, "bad")}, engine.ErrTLS, "engine-tls", []string{"cannot be used", "DOCKER_HOST"}, ""},
		"another CA": {[]string{"DOCKER_HOST", tcp(secure), "DOCKER_TLS_VERIFY", "1", "DOCKER_CERT_PATH", filepath.Join(home, "certs")}, engine.ErrTLS, "engine-tls",
			[]string{"refuses the connection", "unknown certificate authority"}, ""},
		"TLS is wanted": {[]string{"DOCKER_HOST", tcp(secure)}, engine.ErrTLS, "engine-tls", []string{"needs TLS", "DOCKER_HOST"}, ""},
		"no TLS there": {[]string{"DOCKER_HOST", tcp(plain), "DOCKER_TLS_VERIFY", "1", "DOCKER_CERT_PATH", filepath.Join(home, "certs")}, engine.ErrTLS, "engine-tls",
			[]string{"has no TLS"}, ""},
		"no version": {[]string{"DOCKER_HOST", "unix://" + socket, "DOCKER_API_VERSION", "latest"}, engine.ErrAPIVersion, "engine-api-version",
			[]string{`DOCKER_API_VERSION="latest"`}, "unset DOCKER_API_VERSION"},
		"version too old": {[]string{"DOCKER_HOST", "unix://" + socket, "DOCKER_API_VERSION", "1.30"}, engine.ErrAPIVersion, "engine-api-version",
			[]string{"DOCKER_API_VERSION=1.30 is too old"}, "unset DOCKER_API_VERSION"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := engine.Connect(t.Context(), engine.Options{Getenv: env(append([]string{"DOCKER_CONFIG", home}, c.env...)...)})
			wants(t, err, c.cause, c.says...)
			mustBeRefusal(t, err, c.id, c.leave)
		})
	}
}

// A version that the engine does not speak is refused by it.
func TestVersionOfAnotherEngine(t *testing.T) {
	for version, says := range map[string]string{"1.99": "client version 1.99 is too new. Maximum supported API version is 1.43", "1.41": "client version 1.41 is too old. Minimum supported API version is 1.44"} {
		socket, _ := fake{api: "1.43", routes: map[string]http.HandlerFunc{
			"/v" + version + "/version": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, says, http.StatusBadRequest) },
		}}.socket(t, "")
		_, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "unix://"+socket, "DOCKER_API_VERSION", version)})
		wants(t, err, engine.ErrAPIVersion, "DOCKER_API_VERSION="+version, "supported API version")
		mustBeRefusal(t, err, "engine-api-version", "unset DOCKER_API_VERSION")
	}
}

// Only where no setting names a Docker is one to be installed.
func TestNobodyListens(t *testing.T) {
	dir := shortDir(t)
	wants(t, engine.Absent("unix://"+dir+"/none.sock", nil), engine.ErrAbsent, "openalgo-install docker", "systemctl start docker")
	listener, err := net.Listen("unix", dir+"/stale.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	wants(t, engine.Absent("unix://"+dir+"/stale.sock", nil), engine.ErrAbsent, "does not run", "systemctl start docker")
}

// What ssh says is the reason.
func TestWrongSSH(t *testing.T) {
	dir := shortDir(t)
	t.Setenv("PATH", dir)
	connect := func() error {
		_, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "ssh://trader@vps.example:2222", "HOME", dir)})
		return err
	}
	wants(t, connect(), engine.ErrSSH, "ssh is not installed")
	// As ssh, it takes longer to say no than the first question to be written.
	writeFile(t, dir+"/ssh", []byte("#!/bin/sh\nread -r _\necho 'Warning: new host' >&2\necho 'trader@vps.example: Permission denied (publickey).' >&2\nexit 255\n"), 0o755)
	err := connect()
	wants(t, err, engine.ErrSSH, "ssh://trader@vps.example:2222", "Permission denied (publickey)", "DOCKER_HOST")
	mustBeRefusal(t, err, "engine-ssh", "")
	if h := finding.HintsOf(err); len(h) == 0 || h[0].Shell[0] != "ssh -p 2222 trader@vps.example docker version" {
		t.Errorf("hints %+v", h)
	}
}

func mustBeRefusal(t *testing.T, err error, id, leave string) {
	t.Helper()
	if finding.IDOf(err) != id || finding.KindOf(err) != finding.HostNotReady || finding.EndOf(err) != finding.Unchanged {
		t.Errorf("%q, %v, %q: %v", finding.IDOf(err), finding.KindOf(err), finding.EndOf(err), err)
	}
	if leave == "" {
		leave = "unset DOCKER_HOST"
	}
	text := finding.Prompt{}.Text(err)
	if !strings.Contains(text, leave) {
		t.Errorf("%q is missing:\n%s", leave, text)
	}
	if errors.Is(err, engine.ErrAbsent) || strings.Contains(text, "install it") || strings.Contains(text, "secret@") {
		t.Errorf("%s", text)
	}
	if first, _, _ := strings.Cut(text, "\n"); len(first) > 200 {
		t.Errorf("a long first line: %s", first)
	}
}

// damage replaces what describes a context.
func damage(t *testing.T, dir, name, text string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "contexts", "meta", "*", "meta.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		if data, err := os.ReadFile(file); err == nil && strings.Contains(string(data), `"`+name+`"`) {
			writeFile(t, file, []byte(text), 0o644)
			return
		}
	}
	t.Fatal("no such context")
}
