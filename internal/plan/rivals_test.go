package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/guard"
)

// TestRunningRivals wants what tells two containers apart, and no advice which
// of them to remove.
func TestRunningRivals(t *testing.T) {
	at := time.Date(2026, 11, 25, 3, 30, 0, 0, time.UTC)
	first := engine.Container{Name: "openalgo", Image: "openalgo:2.0.2.1", State: "running", StartedAt: at}
	second := engine.Container{Name: "openalgo-2", Image: "openalgo:2.0.1.0", State: "running", StartedAt: at.Add(time.Hour)}
	for name, none := range map[string][]engine.Container{"none": nil, "one": {first}, "the other is stopped": {first, {Name: "left", State: "exited"}}} {
		if text := guard.Rivals(none); text != "" {
			t.Errorf("%s: %s", name, text)
		}
	}
	text := guard.Rivals([]engine.Container{first, second})
	for _, want := range []string{"openalgo:2.0.2.1", "25 Nov 2026, 09:00 IST", "docker stop openalgo\n", "docker stop openalgo-2", "openalgo:2.0.1.0", "10:00 IST"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "rm -f") {
		t.Error("it advises removing a container")
	}
	if text := guard.Rivals([]engine.Container{{Name: "old", State: "exited"}, second}); !strings.Contains(text, "old: image , not running") {
		t.Error(text)
	}
}
