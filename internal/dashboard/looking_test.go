package dashboard

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/theme"
)

// Nothing is well before it was looked at.
func TestNoProblemsAreKnownBeforeTheFirstLook(t *testing.T) {
	t.Parallel()
	for _, looked := range []bool{false, true} {
		f := newFake(1)
		if !looked {
			f.snap.Instances[0].Status = nil
		}
		s := begin(t, f, theme.Options{}, 120, 40)
		if got := strings.Contains(s.m.View(), "no problems found"); got != looked {
			t.Errorf("looked %v, no problems found %v:\n%s", looked, got, s.m.View())
		}
	}
}
