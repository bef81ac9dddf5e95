package printable_test

import (
	"testing"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

func TestCapital(t *testing.T) {
	for text, want := range map[string]string{"": "", "a": "A", "port 80": "Port 80", "Port": "Port", "écran": "Écran", "हिन्दी": "हिन्दी", "\xffx": "\xffx", "1 core": "1 core"} {
		if got := printable.Capital(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
