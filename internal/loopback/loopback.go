// Package loopback knows the names and addresses by which a computer means itself.
package loopback

import (
	"net/netip"
	"strings"
)

// Is reports whether a host, as it stands in an address, is the computer that asks
// for it.
func Is(host string) bool {
	host = strings.ToLower(strings.Trim(strings.TrimSpace(host), "[]"))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	// A short form, such as 127.1. A name such as 127.example.com is none.
	return strings.HasPrefix(host, "127.") && strings.Trim(host, "0123456789.") == ""
}
