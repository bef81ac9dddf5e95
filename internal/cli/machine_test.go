package cli

import (
	"context"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine/memory"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// unsized is a Docker that has no volume to measure.
type unsized struct{ *memory.Engine }

func (unsized) VolumeBytes(context.Context) (map[string]int64, error) { return nil, nil }

// TestSurveyOfAnEmptyDocker wants no menu of instances where there are none: the page
// adds what can be done on a new machine.
func TestSurveyOfAnEmptyDocker(t *testing.T) {
	s := &survey{app: &app{dir: "/opt/openalgo"}, at: "/opt/openalgo"}
	found := s.others(t.Context(), unsized{memory.New(t.TempDir())}, sizing.Machine{RAMMiB: 4096, Cores: 2})
	if found || len(s.Menu) != 0 || s.Instance != "" {
		t.Errorf("found %v, menu %+v, instance %q", found, s.Menu, s.Instance)
	}
}
