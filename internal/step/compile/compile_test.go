package compile

import (
	"testing"

	"github.com/marketcalls/openalgo-install/internal/bytecode"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/memory"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// What cannot be compiled is no reason to fail, and leaves nothing behind.
func TestItIsNeverInTheWay(t *testing.T) {
	t.Parallel()
	d := memory.New(t.TempDir())
	d.AddImage("openalgo:1", "sha256:1")
	id, err := d.Create(t.Context(), engine.ContainerSpec{Name: "openalgo-web", Config: engine.Config{Image: "openalgo:1"},
		Mounts: []engine.Mount{{Type: "volume", Source: "cache", Target: compose.BytecodeDir, ReadOnly: true}}})
	if err != nil {
		t.Fatal(err)
	}
	notes := 0
	tools := &run.Tools{Engine: d, Report: event.ReporterFunc(func(e event.Event) {
		if e.Type == event.TypeNote {
			notes++
		}
	})}
	for _, step := range []run.Step{&First{ID: id}, &Later{ID: id}, &First{ID: "gone"}, &Later{ID: "gone"}} {
		if err := step.Do(t.Context(), tools); err != nil {
			t.Errorf("%s: %v", step, err)
		}
	}
	if notes != 1 {
		t.Errorf("%d notes, want one", notes)
	}
	// A kill leaves one that was made and not started.
	if _, err := d.Create(t.Context(), engine.ContainerSpec{Name: "cache-build", Config: engine.Config{Image: "openalgo:1",
		Labels: map[string]string{bytecode.Label: "cache"}}}); err != nil {
		t.Fatal(err)
	}
	if err := (&First{ID: id}).Undo(t.Context(), tools); err != nil {
		t.Fatal(err)
	}
	if all, err := d.Containers(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("left: %+v, %v", all, err)
	}
}
