package wizard

import (
	"errors"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/terminal"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// Esc on the first page of changed answers leads back to the dashboard, from which these
// are asked; on the first page of an install there is nothing before.
func TestEscOnTheFirstPage(t *testing.T) {
	for again, leaves := range map[bool]bool{true: true, false: false} {
		m := newModel(t.Context(), Host{Again: again}, theme.New(theme.Options{}))
		cmd := m.back()
		if cmd == nil == leaves {
			t.Errorf("again %v: leaves %v", again, cmd != nil)
			continue
		}
		if cmd == nil {
			continue
		}
		if msg, ok := cmd().(endMsg); !ok || !errors.Is(msg.err, terminal.ErrEnded) {
			t.Errorf("%#v", msg)
		}
	}
}
