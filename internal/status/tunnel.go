package status

import (
	"net/netip"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/tunnel"
)

// tunnelTo is the command that leads another computer to a container which
// listens on this machine only; "" where none is needed, or Docker is elsewhere.
func tunnelTo(info engine.Info, url string, c engine.Container) string {
	bind, web := c.Published(openalgo.WebPort)
	_, socket := c.Published(openalgo.WebSocketPort)
	ports := answers.Ports{Web: web, WebSocket: socket, Bind: bind}
	if !info.Local || web == 0 || socket == 0 || !strings.HasPrefix(url, "http:") || ports.InNetwork() {
		return "" // other machines reach it without one, or by its domain alone
	}
	return tunnel.Find(netip.Addr{}).Command(ports)
}
