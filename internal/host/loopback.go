package host

import (
	"net"
	"net/netip"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// Loopback is the address by which this machine reaches what listens on all of its
// addresses: 127.0.0.1, or ::1 where the loopback interface has no IPv4.
func Loopback() string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return localhost
	}
	return loopbackOf(addrs)
}

const localhost = "127.0.0.1"

func loopbackOf(addrs []net.Addr) string {
	six := false
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil || !prefix.Addr().IsLoopback() {
			continue
		}
		if prefix.Addr().Unmap().Is4() {
			return localhost
		}
		six = true
	}
	if six {
		return "::1"
	}
	return localhost
}

// noAddress is the error for an address that this machine has not.
func noAddress(bind string) error {
	if ip, err := netip.ParseAddr(bind); err == nil && ip.Is4() && ip.IsLoopback() && Loopback() != localhost {
		return finding.Named(finding.HostNotReady, "address-missing", "the loopback interface of this machine has no IPv4 address, so nothing can reach %s", bind).
			With(finding.Shell("Give it one", "sudo ip address add 127.0.0.1/8 dev lo"), finding.Answer("Bind the ports to IPv6 instead", `ports: {bind: "::1"}`, ""))
	}
	return finding.Named(finding.HostNotReady, "address-missing", "this machine does not have the address %s. Use 127.0.0.1, or 0.0.0.0 for every address", bind)
}
