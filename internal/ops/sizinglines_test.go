package ops

import (
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// What becomes of SHM_SIZE, for each place where it may stand.
func TestSizingLines(t *testing.T) {
	due, _ := sizing.Compute(sizing.Machine{RAMMiB: 8192, Cores: 2}, 1, sizing.Overrides{}) // 1024m
	var ours instance.State
	plan.Remember(&ours, want("SHM_SIZE", "512m"), nil)
	for name, c := range map[string]struct {
		env    string
		shmMiB int64
		last   instance.State
		force  bool
		action string
	}{
		"ours, and older":               {"SHM_SIZE = '512m'\n", 512, ours, false, plan.LineSet},
		"the user's":                    {"SHM_SIZE = '300m'\n", 300, ours, false, plan.LineKept},
		"the user's, by force":          {"SHM_SIZE = '300m'\n", 300, ours, true, plan.LineSet},
		"the user's, not in force yet":  {"SHM_SIZE = '300m'\n", 512, ours, false, plan.LineRecreate},
		"of a stack that is not ours":   {"SHM_SIZE = '512m'\n", 512, instance.State{}, false, plan.LineKept},
		"right":                         {"SHM_SIZE = '1024m'\n", 1024, ours, false, plan.LineOK},
		"right in another form":         {"SHM_SIZE = '1g'\n", 1024, instance.State{}, false, plan.LineOK},
		"right, the container is older": {"SHM_SIZE = '1g'\n", 512, instance.State{}, false, plan.LineRecreate},
		"nowhere":                       {"", 64, instance.State{}, false, plan.LineSet},
		"in the container alone":        {"", 1024, instance.State{}, false, plan.LineOK},
		"empty":                         {"SHM_SIZE = ''\n", 64, ours, false, plan.LineSet},
	} {
		container := engine.Container{ShmBytes: c.shmMiB << 20}
		for _, line := range plan.SizingLines(parsed(t, c.env), c.last, container, due, c.force) {
			if line.Key == plan.ShmKey && line.Action != c.action {
				t.Errorf("%s: %s (%s), want %s", name, line.Action, line.Reason, c.action)
			}
		}
	}
}
