package engine_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// A container that is removed while Podman is asked about it is gone, and no failure.
func TestPodmanForgetsAContainer(t *testing.T) {
	socket, _ := fake{api: "1.41", version: "4.3.1", routes: map[string]http.HandlerFunc{
		"/v1.41/containers/json": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode([]any{map[string]any{"Id": "x"}})
		},
		"/v1.41/containers/x/json": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "container x does not exist in database: no such container", http.StatusInternalServerError)
		},
	}}.socket(t, "")
	e, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "unix://"+socket)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if all, err := e.Containers(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
}

// Podman's package only recommends programs that it needs.
func TestPodmanLacksAProgram(t *testing.T) {
	for _, says := range []string{
		"container create: container-init binary not found on the host: stat /usr/libexec/podman/catatonit: no such file or directory",
		"netavark: failed to start process: fork/exec /usr/lib/podman/netavark: no such file or directory",
		`could not find "netavark" in one of [/usr/local/libexec/podman /usr/lib/podman]`,
	} {
		socket, _ := fake{api: "1.41", version: "4.3.1", routes: map[string]http.HandlerFunc{
			"/v1.41/containers/x/start": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, says, http.StatusInternalServerError) },
		}}.socket(t, "")
		e, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "unix://"+socket)})
		if err != nil {
			t.Fatal(err)
		}
		err = e.Start(t.Context(), "x")
		e.Close()
		wants(t, err, engine.ErrIncomplete, "Podman lacks a program")
		if finding.IDOf(err) != "engine-incomplete" || len(finding.HintsOf(err)) == 0 {
			t.Errorf("%v", err)
		}
	}
}

// Podman goes by its own name, and a question that it cannot answer is said to be one.
func TestPodman(t *testing.T) {
	socket, _ := fake{api: "1.41", version: "5.4.2", routes: map[string]http.HandlerFunc{
		"/v1.41/version": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(map[string]any{"Version": "5.4.2", "ApiVersion": "1.41", "Os": "linux", "Arch": "amd64",
				"Components": []any{map[string]any{"Name": "Podman Engine", "Version": "5.4.2"}}})
		},
	}}.socket(t, "")
	e, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "unix://"+socket)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if got := e.Info().Product(); got != "Podman 5.4.2" {
		t.Errorf("it is called %q", got)
	}
	_, err = e.RemoteDigest(t.Context(), "registry.example/openalgo:1")
	wants(t, err, engine.ErrNotAsked, "Podman cannot check a registry")
	if finding.IDOf(err) != "registry-unasked" || finding.KindOf(err) != finding.HostNotReady || len(finding.HintsOf(err)) == 0 {
		t.Errorf("%v", err)
	}
}
