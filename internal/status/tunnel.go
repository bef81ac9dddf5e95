package status

import (
	"net/netip"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/publicip/recent"
	"github.com/marketcalls/openalgo-install/internal/registered"
	"github.com/marketcalls/openalgo-install/internal/tunnel"
)

// tunnelTo is the command that leads another computer to a container which
// listens on its own machine only; "" where none is needed. public is the address of
// this one.
func tunnelTo(info engine.Info, url string, c engine.Container, public netip.Addr) string {
	bind, web := c.Published(openalgo.WebPort)
	_, socket := c.Published(openalgo.WebSocketPort)
	ports := answers.Ports{Web: web, WebSocket: socket, Bind: bind}
	if web == 0 || socket == 0 || !strings.HasPrefix(url, "http:") || ports.InNetwork() {
		return "" // other machines reach it without one, or by its domain alone
	}
	way, elsewhere := tunnel.To(info.Endpoint)
	if !elsewhere {
		way = tunnel.Find(public)
	}
	return way.Command(ports)
}

// knownAddress is the public address of this machine where it was found before: status
// asks nobody.
func knownAddress(before *registered.Record) netip.Addr {
	if now := recent.Known(); now.Known() {
		return now.Best()
	}
	if before != nil {
		return before.Address.Best()
	}
	return netip.Addr{}
}
