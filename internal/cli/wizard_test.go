package cli

import (
	"fmt"
	"strings"
	"testing"
)

func TestTunnel(t *testing.T) {
	t.Setenv("SUDO_USER", "trader")
	for connection, want := range map[string]string{
		"":                                    "",
		"198.51.100.7 50000 203.0.113.9 22":   "ssh -N -L 5001:127.0.0.1:5001 -L 8766:127.0.0.1:8766 trader@203.0.113.9",
		"198.51.100.7 50000 203.0.113.9 2222": "ssh -N -L 5001:127.0.0.1:5001 -L 8766:127.0.0.1:8766 -p 2222 trader@203.0.113.9",
	} {
		got := tunnel(connection)
		if got != "" {
			got = fmt.Sprintf(got, "5001:127.0.0.1:5001", "8766:127.0.0.1:8766")
		}
		if got != want || strings.Contains(got, "%") {
			t.Errorf("%q: %q, want %q", connection, got, want)
		}
	}
}
