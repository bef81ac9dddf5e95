package guard

import (
	"fmt"
	"net/netip"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Exposed says what a stack opens to the network that is not open yet: OpenAlgo's
// plain HTTP; "" for nothing.
func Exposed(o *world.Observation, stack *compose.Stack) string {
	address, port := stack.Published(openalgo.WebPort)
	if port == 0 || !reachable(address) {
		return ""
	}
	if c := o.Container(); c != nil {
		if now, _ := c.Published(openalgo.WebPort); reachable(now) {
			return "" // it is open already; doctor warns of that
		}
	}
	who := "everyone on the internet"
	if ip, err := netip.ParseAddr(address); err == nil && ip.IsPrivate() {
		who = "everyone in the network of " + address
	}
	return fmt.Sprintf("ports.bind: %s opens port %d over plain HTTP. The login page is open to %s, and others on the network can read "+
		"passwords and broker sessions. Docker's ports bypass ufw. A domain (HTTPS) is safe, and so is ports.bind: 127.0.0.1 "+
		"with an SSH tunnel", address, port, who)
}

// reachable reports whether other machines can connect to a port that is
// published at an address.
func reachable(address string) bool {
	ip, err := netip.ParseAddr(address)
	return err != nil || !ip.IsLoopback() // none at all is every address
}
