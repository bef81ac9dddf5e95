package settings

import (
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// What becomes of SHM_SIZE, for each place where it may stand.
func TestSizingLines(t *testing.T) {
	due, _ := sizing.Compute(sizing.Machine{RAMMiB: 8192, Cores: 2}, 1, sizing.Overrides{}) // 1024m
	var ours instance.State
	Remember(&ours, "salt", want("SHM_SIZE", "512m"), nil)
	for name, c := range map[string]struct {
		env    string
		shmMiB int64
		last   instance.State
		force  bool
		action string
	}{
		"ours, and older":               {"SHM_SIZE = '512m'\n", 512, ours, false, LineSet},
		"the user's":                    {"SHM_SIZE = '300m'\n", 300, ours, false, LineKept},
		"the user's, by force":          {"SHM_SIZE = '300m'\n", 300, ours, true, LineSet},
		"the user's, not in force yet":  {"SHM_SIZE = '300m'\n", 512, ours, false, LineRecreate},
		"of a stack that is not ours":   {"SHM_SIZE = '512m'\n", 512, instance.State{}, false, LineKept},
		"right":                         {"SHM_SIZE = '1024m'\n", 1024, ours, false, LineOK},
		"right in another form":         {"SHM_SIZE = '1g'\n", 1024, instance.State{}, false, LineOK},
		"right, the container is older": {"SHM_SIZE = '1g'\n", 512, instance.State{}, false, LineRecreate},
		"nowhere":                       {"", 64, instance.State{}, false, LineSet},
		"in the container alone":        {"", 1024, instance.State{}, false, LineOK},
		"empty":                         {"SHM_SIZE = ''\n", 64, ours, false, LineSet},
	} {
		container := engine.Container{ShmBytes: c.shmMiB << 20}
		for _, line := range SizingLines(parsed(t, c.env), c.last, container, due, c.force) {
			if line.Key == ShmKey && line.Action != c.action {
				t.Errorf("%s: %s (%s), want %s", name, line.Action, line.Reason, c.action)
			}
		}
	}
}
