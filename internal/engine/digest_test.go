package engine_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

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
	wants(t, err, engine.ErrNotAsked, "Podman cannot ask a registry")
	if finding.IDOf(err) != "registry-unasked" || finding.KindOf(err) != finding.HostNotReady || len(finding.HintsOf(err)) == 0 {
		t.Errorf("%v", err)
	}
}
