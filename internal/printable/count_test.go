package printable_test

import (
	"testing"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0 MiB", 1: "1 MiB", 512 << 20: "512 MiB", 1<<30 - 1: "1024 MiB", 1 << 30: "1.0 GiB", 3 << 29: "1.5 GiB"} {
		if got := printable.Size(bytes); got != want {
			t.Errorf("%d: %s, want %s", bytes, got, want)
		}
	}
}
