// Package subnet holds the rules of the address ranges that Docker gives to its
// networks: whether one is left, which it will be, and what it collides with.
package subnet

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine/spec"
)

// Route is an IPv4 route of a machine.
type Route struct {
	To        netip.Prefix
	Interface string
	OnLink    bool // it leads to the network that the machine itself is in
}

// defaults are the pools of a Docker that has been given none of its own.
var defaults = []spec.AddressPool{
	{Base: netip.MustParsePrefix("172.17.0.0/16"), Size: 16},
	{Base: netip.MustParsePrefix("172.18.0.0/16"), Size: 16},
	{Base: netip.MustParsePrefix("172.19.0.0/16"), Size: 16},
	{Base: netip.MustParsePrefix("172.20.0.0/14"), Size: 16},
	{Base: netip.MustParsePrefix("172.24.0.0/14"), Size: 16},
	{Base: netip.MustParsePrefix("172.28.0.0/14"), Size: 16},
	{Base: netip.MustParsePrefix("192.168.0.0/16"), Size: 20},
}

// Pools are those that a Docker takes the ranges of its networks from.
func Pools(own []spec.AddressPool) []spec.AddressPool {
	if len(own) == 0 {
		return defaults
	}
	return own
}

// mostTried is more ranges than anybody's networks take.
const mostTried = 1 << 14

// Next is the range that Docker gives to the next network, the first one that
// nothing of what is taken overlaps. ok is false where none is left.
func Next(pools []spec.AddressPool, taken []netip.Prefix) (next netip.Prefix, ok bool) {
	tried := 0
	for _, pool := range pools {
		if !pool.Base.IsValid() || !pool.Base.Addr().Is4() || pool.Size < pool.Base.Bits() || pool.Size > 32 {
			continue
		}
		base, size := pool.Base.Masked(), uint32(1)<<(32-pool.Size)
		for at := base.Addr(); base.Contains(at); {
			if tried++; tried > mostTried {
				return netip.Prefix{}, true // which one, nobody has to know
			}
			candidate := netip.PrefixFrom(at, pool.Size)
			if !slices.ContainsFunc(taken, candidate.Overlaps) {
				return candidate, true
			}
			following, fits := plus(at, size)
			if !fits {
				break
			}
			at = following
		}
	}
	return netip.Prefix{}, false
}

// plus adds to an IPv4 address; fits is false where it would begin again at 0.0.0.0.
func plus(at netip.Addr, n uint32) (sum netip.Addr, fits bool) {
	b := at.As4()
	now := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	then := now + n
	return netip.AddrFrom4([4]byte{byte(then >> 24), byte(then >> 16), byte(then >> 8), byte(then)}), then > now
}

// Avoided are the routes whose addresses Docker gives to no network: all of them
// before release 23, since then those of networks that the machine is in.
func Avoided(routes []Route, before23 bool) (out []netip.Prefix) {
	for _, r := range routes {
		if r.To.Bits() > 0 && (r.OnLink || before23) {
			out = append(out, r.To)
		}
	}
	return out
}

// widest is the widest range that says something about its addresses: a VPN that
// takes all traffic has routes of half of the internet.
const widest = 8

// Collisions are the routes that lead to addresses of a network's range, other than
// by the network itself.
func Collisions(own netip.Prefix, routes []Route) (out []Route) {
	var same []Route
	for _, r := range routes {
		switch {
		case !own.IsValid() || r.To.Bits() < widest || !r.To.Overlaps(own):
		case r.To == own.Masked():
			same = append(same, r)
		default:
			out = append(out, r)
		}
	}
	for _, r := range same {
		// One such route is the network's own, whatever its interface is called.
		if len(same) > 1 && !strings.HasPrefix(r.Interface, "br-") && !strings.HasPrefix(r.Interface, "docker") {
			out = append(out, r)
		}
	}
	return out
}
