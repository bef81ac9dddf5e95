package status

import (
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// A tunnel leads to what only this machine reaches.
func TestTunnelIsForLoopback(t *testing.T) {
	t.Parallel()
	for bind, want := range map[string]bool{"127.0.0.1": true, "": true, "0.0.0.0": true, "192.168.1.5": false} {
		c := engine.Container{Ports: []engine.PortBinding{
			{HostIP: bind, HostPort: 5000, ContainerPort: 5000}, {HostIP: bind, HostPort: 8765, ContainerPort: 8765}}}
		if got := tunnelTo(engine.Info{Local: true}, "http://127.0.0.1:5000", c); (got != "") != want {
			t.Errorf("%q: %q", bind, got)
		}
	}
}
