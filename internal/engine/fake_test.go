package engine_test

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// fake stands in for engines that cannot be had here: old, remote, breaking off.
type fake struct {
	api, version, name string // API version, engine version, host name
	routes             map[string]http.HandlerFunc
}

func (f fake) handler() http.Handler {
	mux := http.NewServeMux()
	reply := func(body any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(body)
		}
	}
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", f.api) })
	mux.HandleFunc("/{v}/version", reply(map[string]any{
		"Version": f.version, "ApiVersion": f.api, "Os": "linux", "Arch": "arm64",
	}))
	mux.HandleFunc("/{v}/info", reply(map[string]any{
		"Name": f.name, "MemTotal": 4 << 30, "NCPU": 3, "DockerRootDir": "/data/docker",
		"OperatingSystem": "Debian", "SecurityOptions": []string{"name=seccomp,profile=default", "name=rootless"},
		"Warnings": []string{"WARNING: No swap limit support"},
	}))
	for pattern, handle := range f.routes {
		mux.HandleFunc(pattern, handle)
	}
	return mux
}

// socket serves the fake on a unix socket and returns its path and how to stop it.
func (f fake) socket(t *testing.T, path string) (string, func()) {
	t.Helper()
	if path == "" {
		path = filepath.Join(shortDir(t), "e.sock")
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: f.handler()}
	go server.Serve(listener)
	stop := func() { server.Close() }
	t.Cleanup(stop)
	return path, stop
}

// shortDir is a temporary directory whose sockets fit the 108 bytes of a
// socket address.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "oa")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func env(pairs ...string) func(string) string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(key string) string { return m[key] }
}
