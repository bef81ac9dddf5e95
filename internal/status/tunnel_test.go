package status

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// A tunnel leads to what only this machine reaches.
func TestTunnelIsForLoopback(t *testing.T) {
	t.Parallel()
	for bind, want := range map[string]bool{"127.0.0.1": true, "": true, "0.0.0.0": true, "192.168.1.5": false} {
		c := engine.Container{Ports: []engine.PortBinding{
			{HostIP: bind, HostPort: 5000, ContainerPort: 5000}, {HostIP: bind, HostPort: 8765, ContainerPort: 8765}}}
		if got := tunnelTo(engine.Info{Local: true}, "http://127.0.0.1:5000", c, netip.Addr{}); (got != "") != want {
			t.Errorf("%q: %q", bind, got)
		}
	}
}

// A tunnel leads to the machine that Docker runs on.
func TestTunnelLeadsToDocker(t *testing.T) {
	t.Parallel()
	c := engine.Container{Ports: []engine.PortBinding{
		{HostIP: "127.0.0.1", HostPort: 5000, ContainerPort: 5000}, {HostIP: "127.0.0.1", HostPort: 8765, ContainerPort: 8765}}}
	here := netip.MustParseAddr("203.0.113.7")
	for docker, want := range map[string]string{
		"ssh://trader@vps.example:2222": " -p 2222 trader@vps.example", "tcp://198.51.100.4:2376": " USER@198.51.100.4",
		"ssh://-oProxyCommand=x@vps.example": " USER@vps.example", "unix:///var/run/docker.sock": "@203.0.113.7", "tcp://127.0.0.1:2375": "@203.0.113.7",
	} {
		t.Run(docker, func(t *testing.T) {
			got := tunnelTo(engine.Info{Endpoint: docker}, "http://127.0.0.1:5000", c, here)
			if !strings.HasSuffix(got, want) && !strings.HasSuffix(want, "@203.0.113.7") || strings.Contains(got, "203.0.113.7") && strings.Contains(docker, "vps") {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}
