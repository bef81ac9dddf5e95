package install

import (
	"fmt"
	"net/netip"

	"github.com/marketcalls/openalgo-install/internal/compose"
)

// askExposed asks where a change opens OpenAlgo's plain HTTP to the network.
func (in *Installer) askExposed(o *observed, p *Plan) {
	address, port := p.stack.Published(compose.WebPort)
	if in.rehearsing || port == 0 || !reachable(address) {
		return
	}
	if c := o.container(); c != nil {
		if now, _ := portOf(*c, compose.WebPort); reachable(now) {
			return // it is so already; doctor warns of it
		}
	}
	who := "everyone on the internet who can reach this machine"
	if ip, err := netip.ParseAddr(address); err == nil && ip.IsPrivate() {
		who = "everyone in the network of " + address
	}
	p.Asks = append(p.Asks, Ask{AskExposed, fmt.Sprintf("ports.bind: %s opens port %d over plain HTTP: %s gets the login page, "+
		"and passwords and broker sessions can be read on the way. Docker's ports bypass ufw. "+
		"127.0.0.1 with a domain (HTTPS), or a tunnel, is safe", address, port, who)})
}

// reachable reports whether others than this machine get to a port that is
// published at an address.
func reachable(address string) bool {
	ip, err := netip.ParseAddr(address)
	return err != nil || !ip.IsLoopback() // none at all is every address
}
