package host

import (
	"net/netip"
	"strings"
	"testing"
)

// A domain that /etc/hosts has was not looked up: nothing is said of its record, and
// the line is named. Where it leads here all the same, all is well.
func TestDomainInHosts(t *testing.T) {
	const hosts = "127.0.0.1 localhost\n# 127.0.1.1 algo.example.com\n127.0.1.1\tserver.example.com  Algo.Example.com. algo # by the hoster\n::1 ip6-localhost\nnonsense algo.example.com\n"
	server, loopback := []netip.Addr{netip.MustParseAddr("198.51.100.7")}, []netip.Addr{netip.MustParseAddr("127.0.1.1")}
	r := JudgeDNS("algo.example.com", loopback, server).besides(hosts, "algo.example.com")
	if r.Judged || r.Match || r.HostsLine != 3 || !strings.Contains(r.Problem, "line 3 of /etc/hosts gives algo.example.com the address 127.0.1.1") {
		t.Errorf("%+v", r)
	}
	for name, r := range map[string]DNSReport{
		"it leads here":    JudgeDNS("algo.example.com", server, server).besides("198.51.100.7 algo.example.com\n", "algo.example.com"),
		"another name":     JudgeDNS("x.algo.example.com", loopback, server).besides(hosts, "x.algo.example.com"),
		"no hosts at all":  JudgeDNS("algo.example.com", loopback, server).besides("", "algo.example.com"),
		"an empty comment": JudgeDNS("algo.example.com", loopback, server).besides("#\n\n127.0.1.1\n", "algo.example.com"),
	} {
		if r.HostsLine != 0 || !r.Judged {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
