package answers

import (
	"net"
	"net/netip"
	"strconv"
)

// Ports are host ports.
type Ports struct {
	Web, WebSocket int
	// Those that were not given: free ones are chosen, once, and kept.
	AutoWeb, AutoWebSocket bool
	Bind                   string // IP address that they are bound to
}

// Open are the ports of answers that name none.
//
//go:noinline
func Open() Ports {
	return Ports{Web: 5000, WebSocket: 8765, Bind: "127.0.0.1", AutoWeb: true, AutoWebSocket: true}
}

func (p *Ports) fields() []field {
	return []field{
		{name: "web", value: integer(&p.Web, 5000)},
		{name: "websocket", value: integer(&p.WebSocket, 8765)},
		{name: "bind", value: text(&p.Bind, "127.0.0.1")},
	}
}

func (p *Ports) check(r *reader) {
	for key, port := range map[string]int{"ports.web": p.Web, "ports.websocket": p.WebSocket} {
		if port < 1 || port > 65535 {
			r.wrong(key, "%d is not a port; ports are 1 to 65535, for example 5000", port)
		}
	}
	if p.Web == p.WebSocket {
		r.wrong("ports.websocket", "both ports are %d. Use different ports, for example 5000 and 8765", p.Web)
	}
	if _, err := netip.ParseAddr(p.Bind); err != nil {
		r.wrong("ports.bind", "%s is not an IP address of this machine, for example 127.0.0.1", quote(p.Bind))
	}
}

// At is where a browser on this machine reaches a port that is bound as these are.
func (p Ports) At(port int) string {
	address := "127.0.0.1"
	ip, err := netip.ParseAddr(p.Bind)
	switch ip = ip.Unmap(); {
	case err != nil:
	case ip.Is6() && ip.IsUnspecified(): // Docker binds the two families apart
		address = "::1"
	case !ip.IsUnspecified():
		address = ip.String()
	}
	return net.JoinHostPort(address, strconv.Itoa(port))
}

// InNetwork reports whether the ports are bound to one address that other machines know:
// theirs is the same one, and 127.0.0.1 has nothing.
func (p Ports) InNetwork() bool {
	ip, err := netip.ParseAddr(p.Bind)
	return err == nil && !ip.IsUnspecified() && !ip.Unmap().IsLoopback()
}
