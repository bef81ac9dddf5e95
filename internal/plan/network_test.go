package plan

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/subnet"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// What a stack's network meets is said before anything is made.
func TestPreflightNetworks(t *testing.T) {
	t.Parallel()
	to := func(text, by string, onLink bool) subnet.Route {
		return subnet.Route{To: netip.MustParsePrefix(text), Interface: by, OnLink: onLink}
	}
	bridge := map[string][]netip.Prefix{"bridge": {netip.MustParsePrefix("172.17.0.0/16")}}
	full := []spec.AddressPool{{Base: netip.MustParsePrefix("10.199.0.0/24"), Size: 24}}
	vpn := []subnet.Route{to("0.0.0.0/1", "tun0", false), to("128.0.0.0/1", "tun0", false)}
	for name, c := range map[string]struct {
		there   bool // the network
		ranges  map[string][]netip.Prefix
		pools   []spec.AddressPool
		routes  *host.Routes
		version string
		podman  bool
		refused string
		warned  string
	}{
		"nothing known":                     {},
		"a server":                          {ranges: bridge, routes: &host.Routes{IPv4: true, To: []subnet.Route{to("0.0.0.0/0", "eth0", false)}}},
		"pools that are used up":            {ranges: map[string][]netip.Prefix{"other_default": {full[0].Base}}, pools: full, refused: "docker network prune"},
		"pools that are used up, by podman": {ranges: map[string][]netip.Prefix{"other_default": {full[0].Base}}, pools: full, podman: true},
		"used up, but the network is there": {there: true, ranges: map[string][]netip.Prefix{"openalgo_default": {full[0].Base}}, pools: full},
		"a VPN for all, on Docker 20.10":    {ranges: bridge, routes: &host.Routes{IPv4: true, To: vpn}, version: "20.10.24+dfsg1", refused: "Disconnect the VPN"},
		"a VPN for all, on Docker 28":       {ranges: bridge, routes: &host.Routes{IPv4: true, To: vpn}, version: "28.5.2"},
		"a VPN that Docker does not see":    {ranges: bridge, routes: &host.Routes{IPv4: true, To: []subnet.Route{to("172.16.0.0/12", "tun0", false)}}, version: "28.5.2", warned: "172.16.0.0/12 through tun0"},
		"a VPN that Docker avoids":          {ranges: bridge, routes: &host.Routes{IPv4: true, To: []subnet.Route{to("172.18.0.0/15", "wg0", true)}}, version: "28.5.2"},
		"a VPN that came later": {there: true, ranges: map[string][]netip.Prefix{"openalgo_default": {netip.MustParsePrefix("172.18.0.0/16")}},
			routes: &host.Routes{IPv4: true, To: []subnet.Route{to("172.18.0.0/16", "br-1", true), to("172.18.4.0/24", "tun0", false)}}, warned: "may not be reachable"},
		"IPv6 alone": {ranges: bridge, routes: &host.Routes{IPv6: true}, warned: "only IPv6"},
		"no network": {ranges: bridge, routes: &host.Routes{}},
	} {
		o := goodWorld(t)
		p := goodPlan(t, o)
		p.Add(Change{Kind: KindContainer, Name: "openalgo-web", Action: ActionRecreate})
		o.Networks = map[string]bool{"openalgo_default": c.there}
		o.Net = world.Net{Ranges: c.ranges, Routes: c.routes}
		o.Engine.AddressPools, o.Engine.Version, o.Engine.Podman = c.pools, c.version, c.podman
		err := Preflight(o, p)
		if text := (finding.Prompt{}).Text(orNil(err)); (err == nil) != (c.refused == "") || !strings.Contains(text, c.refused) {
			t.Errorf("%s: refused with %q, want %q", name, text, c.refused)
		}
		if err != nil && finding.IDOf(err) != "address-pools-full" {
			t.Errorf("%s: %s", name, finding.IDOf(err))
		}
		if got := strings.Join(p.Warnings, "\n"); (got == "") != (c.warned == "") || !strings.Contains(got, c.warned) {
			t.Errorf("%s: warns %q, want %q", name, got, c.warned)
		}
	}
}

// orNil is an error with a text, in place of none.
func orNil(err error) error {
	if err == nil {
		return finding.Warn("none", "")
	}
	return err
}
