package world

import (
	"net/netip"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
)

// Net is the networks of Docker and the routes of its machine.
type Net struct {
	Ranges map[string][]netip.Prefix // of Docker's networks, by name
	// Routes are this machine's; nil where Docker's networks are elsewhere (on another
	// machine, or in a network of a rootless Docker's own) or it did not tell of them.
	Routes *host.Routes
}

// SeeNet looks at the routes beside Docker's networks.
func SeeNet(info engine.Info, ranges map[string][]netip.Prefix) Net {
	n := Net{Ranges: ranges}
	if info.Local && !info.Rootless && ranges != nil {
		routes := host.ReadRoutes()
		n.Routes = &routes
	}
	return n
}
