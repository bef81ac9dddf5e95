package share

import (
	"net/url"

	"github.com/marketcalls/openalgo-install/internal/loopback"
)

// OnlyHere reports whether an address means the computer that opens it: another one
// that gets it, such as a phone, would look on itself.
func OnlyHere(address string) bool {
	u, err := url.Parse(address)
	return err == nil && loopback.Is(u.Hostname())
}
