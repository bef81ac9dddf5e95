package share

import (
	"net/netip"
	"net/url"
)

// OnlyHere reports whether an address means the computer that opens it: another one
// that gets it, such as a phone, would look on itself.
func OnlyHere(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}
