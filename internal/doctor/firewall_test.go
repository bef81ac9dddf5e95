package doctor

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/subnet"
	"github.com/marketcalls/openalgo-install/internal/world"
)

func TestFirewall(t *testing.T) {
	t.Parallel()
	if f := (&firewall{}).judge(patient{}); len(f) != 0 {
		t.Errorf("without HTTPS: %+v", f)
	}
	if f := (&firewall{asked: true}).judge(patient{}); len(f) != 1 || f[0].Level != OK {
		t.Errorf("open: %+v", f)
	}
	open := []string{"sudo iptables -I INPUT 6 -p tcp -m multiport --dports 80,443 -j ACCEPT", "sudo netfilter-persistent save"}
	f := (&firewall{asked: true, closed: []host.FirewallProblem{{Text: "iptables does not let port 443 in", Commands: open}}}).judge(patient{})
	if len(f) != 1 || f[0].Level != Warning || f[0].ID != "firewall-closed" || len(f[0].Hints) != 2 || !slices.Equal(f[0].Hints[0].Shell, open) {
		t.Errorf("closed: %+v", f)
	}
}

// A VPN that came later, and a machine without IPv4.
func TestNetwork(t *testing.T) {
	t.Parallel()
	own := netip.MustParsePrefix("172.18.0.0/16")
	p := patient{container: &engine.Container{Networks: []string{"openalgo_default"}}}
	see := func(r host.Routes) []Finding {
		return (&network{world.Net{Ranges: map[string][]netip.Prefix{"openalgo_default": {own}}, Routes: &r}}).judge(p)
	}
	home := subnet.Route{To: own, Interface: "br-5d1f8c0a9b7e", OnLink: true}
	if f := see(host.Routes{IPv4: true, To: []subnet.Route{home}}); len(f) != 1 || f[0].Level != OK {
		t.Errorf("%+v", f)
	}
	if f := see(host.Routes{IPv4: true, To: []subnet.Route{home, {To: netip.MustParsePrefix("172.16.0.0/12"), Interface: "tun0"}}}); len(f) != 1 || f[0].ID != "network-collides" {
		t.Errorf("%+v", f)
	}
	if f := see(host.Routes{IPv6: true}); len(f) != 1 || f[0].ID != "ip-version-missing" {
		t.Errorf("%+v", f)
	}
	if f := (&network{}).judge(p); len(f) != 0 {
		t.Errorf("%+v", f)
	}
}
