package engine_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// quiet is the log of a server that is asked what it refuses.
var quiet = log.New(io.Discard, "", 0)

// dockerContext writes a docker context into the config directory dir.
func dockerContext(t *testing.T, dir, name, host string, tls map[string][]byte) {
	t.Helper()
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	meta, err := json.Marshal(map[string]any{
		"Name": name, "Metadata": map[string]any{},
		"Endpoints": map[string]any{"docker": map[string]any{"Host": host}},
	})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "contexts", "meta", id, "meta.json"), meta, 0o644)
	for file, data := range tls {
		writeFile(t, filepath.Join(dir, "contexts", "tls", id, "docker", file), data, 0o600)
	}
}

func writeFile(t *testing.T, path string, data []byte, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
}

func TestConnectChoosesTheEngine(t *testing.T) {
	host, _ := fake{api: "1.43", name: "by-host"}.socket(t, "")
	ctxEnv, _ := fake{api: "1.43", name: "by-env-context"}.socket(t, "")
	current, _ := fake{api: "1.43", name: "by-current-context"}.socket(t, "")
	dir := t.TempDir()
	dockerContext(t, dir, "named", "unix://"+ctxEnv, nil)
	dockerContext(t, dir, "current", "unix://"+current, nil)
	writeFile(t, filepath.Join(dir, "config.json"), []byte(`{"currentContext":"current"}`), 0o600)
	home := t.TempDir()
	if err := os.Rename(dir, filepath.Join(home, ".docker")); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(home, ".docker")

	for _, c := range []struct {
		what, want string
		env        []string
	}{
		{"DOCKER_HOST wins", "by-host", []string{"DOCKER_HOST", "unix://" + host, "DOCKER_CONTEXT", "named"}},
		{"then DOCKER_CONTEXT", "by-env-context", []string{"DOCKER_CONTEXT", "named"}},
		{"then the current context", "by-current-context", nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			for _, where := range [][]string{{"DOCKER_CONFIG", dir}, {"HOME", home}} {
				e, err := engine.Connect(t.Context(), engine.Options{Getenv: env(append(where, c.env...)...)})
				if err != nil {
					t.Fatal(err)
				}
				defer e.Close()
				if got := e.Info().Name; got != c.want {
					t.Errorf("reached %q, want %q", got, c.want)
				}
			}
		})
	}
}

func TestConnectReadsInfo(t *testing.T) {
	socket, _ := fake{api: "1.43", version: "24.0.7", name: "far"}.socket(t, "")
	e, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "unix://"+socket)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	i := e.Info()
	if i.Version != "24.0.7" || i.APIVersion != "1.43" || i.Arch != "arm64" || i.RAMMiB != 4096 || i.NCPU != 3 ||
		!i.Rootless || i.UserNS || i.Local || i.RootDir != "/data/docker" || len(i.Warnings) != 1 || i.Warnings[0] != "No swap limit support" {
		t.Errorf("info %+v", i)
	}
	warnings, err := e.Info().Check(engine.ContainerSpec{Name: "x", Host: engine.HostConfig{Resources: engine.Resources{Memory: 1 << 20}}})
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "memory limit of x has no effect") {
		t.Errorf("check gave %v, %v", warnings, err)
	}
	_, err = e.Info().Check(engine.ContainerSpec{Config: engine.Config{Healthcheck: &engine.HealthConfig{StartInterval: time.Second}}})
	if err == nil || !strings.Contains(err.Error(), "Docker Engine 25") {
		t.Errorf("start_interval on an old engine: %v", err)
	}
}

func TestConnectWithABrokenConfig(t *testing.T) {
	socket, _ := fake{api: "1.43"}.socket(t, "")
	dir := t.TempDir()
	writeFile(t, dir+"/config.json", []byte("{"), 0o600)
	e, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "unix://"+socket, "DOCKER_CONFIG", dir)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if w := e.Info().Warnings; len(w) != 2 || !strings.Contains(w[0], "cannot read Docker's config in "+dir) {
		t.Errorf("warnings %q", w)
	}
}

func TestAPIVersion(t *testing.T) {
	socket, _ := fake{api: "1.43", version: "24"}.socket(t, "")
	host := "unix://" + socket
	t.Run("honoured", func(t *testing.T) {
		e, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", host, "DOCKER_API_VERSION", "1.42")})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		if got := e.Info().APIVersion; got != "1.42" {
			t.Errorf("API %s, want 1.42", got)
		}
	})
	t.Run("too old a wish", func(t *testing.T) {
		_, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", host, "DOCKER_API_VERSION", "1.30")})
		wants(t, err, engine.ErrAPIVersion, "DOCKER_API_VERSION=1.30", "1.41 or later")
	})
	t.Run("too new an engine", func(t *testing.T) {
		socket, _ := fake{api: "1.90", version: "40", routes: map[string]http.HandlerFunc{
			"/v1.51/version": func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "client version 1.51 is too old. Minimum supported API version is 1.60", http.StatusBadRequest)
			},
		}}.socket(t, "")
		_, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "unix://"+socket)})
		wants(t, err, engine.ErrTooNew, "Update openalgo-install")
	})
	t.Run("too old an engine", func(t *testing.T) {
		old, _ := fake{api: "1.40", version: "19.03.15"}.socket(t, "")
		_, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "unix://"+old)})
		wants(t, err, engine.ErrTooOld, "19.03.15", "20.10", "Upgrade Docker Engine")
	})
}

// TestNoPermission runs itself again as another user, since root may do
// anything.
func TestNoPermission(t *testing.T) {
	if runtime := os.Getenv("XDG_RUNTIME_DIR"); runtime != "" && os.Getenv("OATEST_FORBIDDEN") != "" {
		// The default socket is not for this user, but they have an engine of their own.
		e, err := engine.Connect(t.Context(), engine.Options{Getenv: env("XDG_RUNTIME_DIR", runtime)})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		if got := e.Info(); got.Endpoint != "unix://"+runtime+"/docker.sock" || got.Name != "rootless" {
			t.Errorf("reached %+v", got)
		}
	}
	if host := os.Getenv("OATEST_FORBIDDEN"); host != "" {
		_, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", host)})
		wants(t, err, engine.ErrPermission, "docker group", "log in again", "whatever root can")
		return
	}
	dir := shortDir(t)
	socket, _ := fake{api: "1.43"}.socket(t, dir+"/e.sock")
	if err := os.Chmod(socket, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Skip(err)
	}
	writeFile(t, dir+"/self", self, 0o755)
	again := exec.Command(dir+"/self", "-test.run=^TestNoPermission$")
	again.Dir = dir
	again.Env = []string{"OATEST_FORBIDDEN=unix://" + socket}
	if os.Geteuid() == 0 {
		again.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		rootless, _ := fake{api: "1.43", name: "rootless"}.socket(t, dir+"/docker.sock")
		if err := os.Chmod(rootless, 0o666); err != nil {
			t.Fatal(err)
		}
		again.Env = append(again.Env, "XDG_RUNTIME_DIR="+dir)
	}
	if out, err := again.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestConnectOverTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(fake{api: "1.43", name: "by-tls"}.handler())
	server.Config.ErrorLog = quiet // one client comes without TLS
	server.StartTLS()
	defer server.Close()
	host := "tcp://" + server.Listener.Addr().String()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})

	dir := t.TempDir()
	dockerContext(t, dir, "secure", host, map[string][]byte{"ca.pem": ca})
	dockerContext(t, dir, "untrusted", host, map[string][]byte{})
	e, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_CONFIG", dir, "DOCKER_CONTEXT", "secure")})
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	if _, err = engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_CONFIG", dir, "DOCKER_CONTEXT", "untrusted")}); err == nil {
		t.Error("a context without TLS reached a TLS engine")
	}

	_, err = engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", host, "DOCKER_TLS_VERIFY", "1", "DOCKER_CERT_PATH", dir)})
	wants(t, err, engine.ErrTLS, "ca.pem", "DOCKER_CERT_PATH asks for TLS")
	writeFile(t, filepath.Join(dir, "ca.pem"), ca, 0o600)
	cert, key := clientCert(t)
	writeFile(t, filepath.Join(dir, "cert.pem"), cert, 0o600)
	writeFile(t, filepath.Join(dir, "key.pem"), key, 0o600)
	for _, vars := range [][]string{
		{"DOCKER_HOST", host, "DOCKER_TLS_VERIFY", "1", "DOCKER_CERT_PATH", dir},
		{"DOCKER_HOST", host, "DOCKER_CERT_PATH", dir},
		{"DOCKER_HOST", host, "DOCKER_TLS_VERIFY", "1", "DOCKER_CONFIG", dir},
	} {
		e, err := engine.Connect(t.Context(), engine.Options{Getenv: env(vars...)})
		if err != nil {
			t.Fatalf("%v: %v", vars, err)
		}
		e.Close()
	}
}

func TestConnectOverSSH(t *testing.T) {
	socket, _ := fake{api: "1.43", name: "by-ssh"}.socket(t, "")
	dir := shortDir(t)
	writeFile(t, dir+"/probe", probeBytes(t), 0o755)
	writeFile(t, dir+"/ssh", []byte("#!/bin/sh\necho \"$@\" >"+dir+"/args\nexec "+dir+"/probe stdio "+socket+"\n"), 0o755)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	e, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "ssh://trader@vps.example")})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if got := e.Info(); got.Name != "by-ssh" || got.Local || got.Endpoint != "ssh://trader@vps.example" {
		t.Errorf("info %+v", got)
	}
	args, _ := os.ReadFile(dir + "/args")
	if !strings.Contains(string(args), "trader") || !strings.Contains(string(args), "vps.example") {
		t.Errorf("ssh was called with %s", args)
	}
}

func TestEngineComesBack(t *testing.T) {
	f := fake{api: "1.43"}
	socket, stop := f.socket(t, "")
	e, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "unix://"+socket)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	stop()
	wants(t, e.Ping(t.Context()), engine.ErrUnreachable, "connection", "run the same command again")
	_, err = e.Container(t.Context(), "x")
	wants(t, err, engine.ErrUnreachable)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.WaitReady(ended); !errors.Is(err, context.Canceled) || !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("WaitReady after its context gave %v", err)
	}
	back := make(chan error, 1)
	go func() { back <- e.WaitReady(t.Context()) }()
	f.socket(t, socket)
	if err := <-back; err != nil {
		t.Error(err)
	}
}

func TestConnectForReal(t *testing.T) {
	e := connect(t, engine.Options{})
	i := e.Info()
	if i.Version == "" || i.RAMMiB == 0 || i.NCPU == 0 || i.Arch == "" || i.RootDir == "" {
		t.Errorf("info %+v", i)
	}
	if err := e.WaitReady(t.Context()); err != nil {
		t.Error(err)
	}
	t.Logf("%+v", i)
}
