package appfile

import (
	"os"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine/memory"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// A user who may not read .env has Docker read it, where a release is known by
// whose image a container can be made.
func TestReadEnvThroughDocker(t *testing.T) {
	d := instance.Dir(t.TempDir())
	_, err := d.Create()
	must(t, err)
	must(t, os.WriteFile(d.Env(), []byte("A = 'b'\n"), 0o600))
	e := memory.New(t.TempDir())
	e.AddImage("openalgo:1", "sha256:1")
	if _, err := readThroughDocker(t.Context(), e, d, instance.Glance(d).ImageID); finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("without a release: %v", err)
	}
	if text, err := readThroughDocker(t.Context(), e, d, "sha256:1"); err != nil || string(text) != "A = 'b'\n" { // as the undo of a first install
		t.Errorf("%q, %v", text, err)
	}
	must(t, d.SaveState(instance.State{ImageID: "sha256:1"}))
	if text, err := readThroughDocker(t.Context(), e, d, instance.Glance(d).ImageID); err != nil || string(text) != "A = 'b'\n" {
		t.Errorf("%q, %v", text, err)
	}
	if left, _ := e.Containers(t.Context()); len(left) > 0 {
		t.Errorf("helpers are left: %v", left)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
