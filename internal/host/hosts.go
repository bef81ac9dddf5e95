package host

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/readfile"
)

const hostsFile = "/etc/hosts"

// inHosts returns the line of a hosts file that gives a name an address, from 1, and
// that address; 0 where none does.
func inHosts(text, domain string) (line int, address netip.Addr) {
	domain = strings.TrimSuffix(domain, ".")
	for one := range strings.Lines(text) {
		line++
		one, _, _ = strings.Cut(one, "#")
		fields := strings.Fields(one)
		if len(fields) == 0 {
			continue
		}
		ip, err := netip.ParseAddr(fields[0])
		for _, name := range fields[1:] {
			if err == nil && strings.EqualFold(strings.TrimSuffix(name, "."), domain) {
				return line, ip
			}
		}
	}
	return 0, netip.Addr{}
}

// besides takes /etc/hosts into account: many hosters write a server's own name there,
// and this machine asks nobody else then. What others see cannot be judged from here.
func (r DNSReport) besides(hosts, domain string) DNSReport {
	line, address := inHosts(hosts, domain)
	if line == 0 || r.Match {
		return r
	}
	r.HostsLine, r.Judged, r.Cloudflare = line, false, false
	r.Problem = fmt.Sprintf("line %d of %s gives %s the address %s, so this machine cannot see the real DNS record. "+
		"Others, including Let's Encrypt, use that record", line, hostsFile, domain, address)
	return r
}

func readHosts() string {
	text, err := readfile.Regular(hostsFile, readfile.Config)
	if err != nil {
		return "" // without one nothing is in it
	}
	return string(text)
}
