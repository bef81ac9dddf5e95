package host

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/subnet"
)

// Routes are the ways that lead out of a machine.
type Routes struct {
	To         []subnet.Route // of IPv4
	IPv4, IPv6 bool           // one of them leads to the internet
}

// ReadRoutes reads the routes of this machine; none where they cannot be read.
func ReadRoutes() Routes { return View{}.Routes() }

// Routes reads the routes through v.
func (v View) Routes() Routes {
	return parseRoutes(v.read("proc/net/route"), v.read("proc/net/ipv6_route"))
}

// Flags of a route (route.h).
const (
	routeUp      = 0x1
	routeGateway = 0x2
	routeReject  = 0x200
)

// parseRoutes reads /proc/net/route and /proc/net/ipv6_route.
func parseRoutes(four, six string) (r Routes) {
	for line := range strings.Lines(four) {
		f := strings.Fields(line)
		if len(f) < 8 {
			continue
		}
		to, err1 := fourOf(f[1])
		mask, err2 := fourOf(f[7])
		flags, err3 := strconv.ParseUint(f[3], 16, 32)
		if err1 != nil || err2 != nil || err3 != nil || flags&routeUp == 0 || flags&routeReject != 0 {
			continue // the heading, or a route that leads nowhere
		}
		prefix := netip.PrefixFrom(to, maskBits(mask))
		r.IPv4 = r.IPv4 || prefix.Bits() == 0
		r.To = append(r.To, subnet.Route{To: prefix, Interface: f[0], OnLink: flags&routeGateway == 0})
	}
	for line := range strings.Lines(six) {
		f := strings.Fields(line)
		if len(f) < 10 || f[1] != "00" || strings.Trim(f[0], "0") != "" {
			continue
		}
		flags, err := strconv.ParseUint(f[8], 16, 32)
		r.IPv6 = r.IPv6 || err == nil && flags&routeUp != 0 && flags&routeReject == 0 && f[9] != "lo"
	}
	return r
}

// fourOf is an address as the kernel prints it: a number of this machine's order of
// bytes, which is little-endian on all that Docker runs on here.
func fourOf(text string) (netip.Addr, error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != 4 {
		return netip.Addr{}, hex.ErrLength
	}
	var out [4]byte
	binary.LittleEndian.PutUint32(out[:], binary.BigEndian.Uint32(b))
	return netip.AddrFrom4(out), nil
}

func maskBits(mask netip.Addr) (n int) {
	for _, b := range mask.As4() {
		for ; b != 0; b <<= 1 {
			n++
		}
	}
	return n
}
