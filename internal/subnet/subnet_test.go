package subnet_test

import (
	"net/netip"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/subnet"
)

func prefixes(texts ...string) (out []netip.Prefix) {
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

func pool(base string, size int) spec.AddressPool {
	return spec.AddressPool{Base: netip.MustParsePrefix(base), Size: size}
}

func TestNext(t *testing.T) {
	t.Parallel()
	private := prefixes("172.16.0.0/12")
	for name, c := range map[string]struct {
		pools []spec.AddressPool
		taken []netip.Prefix
		want  string // "": none is left
	}{
		"a new Docker":                {nil, prefixes("172.17.0.0/16"), "172.18.0.0/16"},
		"a gap":                       {nil, prefixes("172.17.0.0/16", "172.19.0.0/16"), "172.18.0.0/16"},
		"a part of one":               {nil, prefixes("172.17.0.0/16", "172.18.4.0/24"), "172.19.0.0/16"},
		"in the middle of a pool":     {nil, prefixes("172.17.0.0/16", "172.18.0.0/15", "172.20.0.0/16"), "172.21.0.0/16"},
		"the last pool":               {nil, private, "192.168.0.0/20"},
		"beside a network at home":    {nil, append(prefixes("192.168.1.0/24"), private...), "192.168.16.0/20"},
		"nothing":                     {nil, append(prefixes("192.168.0.0/16"), private...), ""},
		"all of it, by a VPN":         {nil, prefixes("0.0.0.0/1", "128.0.0.0/1"), ""},
		"own pools":                   {[]spec.AddressPool{pool("10.199.0.0/24", 26)}, prefixes("10.199.0.0/26", "172.17.0.0/16"), "10.199.0.64/26"},
		"an own pool that is used up": {[]spec.AddressPool{pool("10.199.0.0/24", 24)}, prefixes("10.199.0.0/24"), ""},
		"the end of all addresses":    {[]spec.AddressPool{pool("255.255.255.0/24", 25)}, prefixes("255.255.255.0/24"), ""},
		"pools that make no sense":    {[]spec.AddressPool{pool("10.0.0.0/16", 8), pool("10.0.0.0/16", 33), {}, pool("fd00::/8", 64)}, nil, ""},
		"very many":                   {[]spec.AddressPool{pool("10.0.0.0/8", 30)}, prefixes("10.0.0.0/8"), "invalid Prefix"},
	} {
		got, ok := subnet.Next(subnet.Pools(c.pools), c.taken)
		if ok != (c.want != "") || ok && got.String() != c.want {
			t.Errorf("%s: %s, %v", name, got, ok)
		}
	}
}

func route(to, by string, onLink bool) subnet.Route {
	return subnet.Route{To: netip.MustParsePrefix(to), Interface: by, OnLink: onLink}
}

// machine has a VPN beside its own network and Docker's.
var machine = []subnet.Route{
	route("0.0.0.0/0", "eth0", false), route("0.0.0.0/1", "tun0", false), route("203.0.113.0/24", "eth0", true),
	route("172.17.0.0/16", "docker0", true), route("172.18.0.0/16", "br-5d1f8c0a9b7e", true), route("172.16.0.0/12", "tun0", false), route("10.8.0.0/24", "tun0", true),
}

func TestAvoided(t *testing.T) {
	t.Parallel()
	if got := subnet.Avoided(machine, false); len(got) != 4 {
		t.Error(got)
	}
	if got := subnet.Avoided(machine, true); len(got) != 6 {
		t.Error(got)
	}
}

func TestCollisions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		own  string
		more []subnet.Route
		want []string // the interfaces
	}{
		"a wider one":                   {"172.18.0.0/16", nil, []string{"tun0"}},
		"none":                          {"192.168.0.0/20", nil, nil},
		"a narrower one":                {"192.168.0.0/20", []subnet.Route{route("192.168.1.0/24", "wg0", true)}, []string{"wg0"}},
		"the same, and that of Docker":  {"192.168.0.0/20", []subnet.Route{route("192.168.0.0/20", "br-1", true), route("192.168.0.0/20", "wg0", true)}, []string{"wg0"}},
		"its own, by a name of its own": {"192.168.0.0/20", []subnet.Route{route("192.168.0.0/20", "openalgo0", true)}, nil},
	} {
		var got []string
		for _, r := range subnet.Collisions(netip.MustParsePrefix(c.own), append(c.more, machine...)) {
			got = append(got, r.Interface)
		}
		if len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := subnet.Collisions(netip.Prefix{}, machine); len(got) > 0 {
		t.Error(got)
	}
}
