package doctor

import (
	"slices"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/host"
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
	if len(f) != 1 || f[0].Level != Warning || f[0].ID != "firewall-closed" || len(f[0].Hints) != 1 || !slices.Equal(f[0].Hints[0].Shell, open) {
		t.Errorf("closed: %+v", f)
	}
}
