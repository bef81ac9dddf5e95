package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Resolver looks addresses up; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// DNSReport is where a domain leads, beside where this machine is.
type DNSReport struct {
	// A and AAAA are the domain's addresses.
	A, AAAA []netip.Addr
	// HostAddrs are the addresses of this machine's interfaces, less loopback
	// and link-local ones.
	HostAddrs []netip.Addr
	// Match is whether every address of the domain is one of this machine's.
	Match bool
	// Judged is whether Match is sure. It is not behind NAT, behind
	// Cloudflare's proxy, or when the lookup itself failed: then the caller
	// warns and goes on.
	Judged bool
	// Cloudflare is whether the domain leads to Cloudflare's proxy.
	Cloudflare bool
	// HostsLine is the line of /etc/hosts that gave the answer in place of DNS; 0
	// where none did.
	HostsLine int
	// Problem says in plain words what is wrong and what to do; empty on a
	// match.
	Problem string
}

// CheckDNS looks domain up and compares it with the addresses of this machine's
// interfaces. A nil resolver is the system's.
func CheckDNS(ctx context.Context, domain string, r Resolver) DNSReport {
	if r == nil {
		r = net.DefaultResolver
	}
	// The final dot keeps a search domain in resolv.conf from answering.
	found, err := r.LookupNetIP(ctx, "ip", strings.TrimSuffix(domain, ".")+".")
	hostAddrs := interfaceAddrs()
	if err != nil {
		return lookupFailed(domain, hostAddrs, err)
	}
	return JudgeDNS(domain, found, hostAddrs).besides(readHosts(), domain)
}

func lookupFailed(domain string, hostAddrs []netip.Addr, err error) DNSReport {
	var dnsErr *net.DNSError
	if errors.As(err, &dnsErr) && dnsErr.IsNotFound {
		return JudgeDNS(domain, nil, hostAddrs)
	}
	return DNSReport{
		HostAddrs: hostAddrs,
		Problem:   fmt.Sprintf("cannot look up %s (%v). The domain itself may be correct. Check this machine's network and /etc/resolv.conf", domain, err),
	}
}

// JudgeDNS compares the addresses that domain has with those that this machine
// has.
func JudgeDNS(domain string, found, hostAddrs []netip.Addr) DNSReport {
	r := DNSReport{HostAddrs: hostAddrs}
	for _, ip := range found {
		if ip = ip.Unmap(); ip.Is4() {
			r.A = append(r.A, ip)
		} else {
			r.AAAA = append(r.AAAA, ip)
		}
	}
	here4 := public(hostAddrs, netip.Addr.Is4)
	here6 := public(hostAddrs, netip.Addr.Is6)
	wrong4, wrong6 := without(r.A, hostAddrs), without(r.AAAA, hostAddrs)

	switch {
	case len(found) == 0:
		r.Judged = true
		r.Problem = fmt.Sprintf("%s has no DNS record yet. At your DNS provider add %s, then wait a few minutes", domain, wantedRecord(domain, here4, here6))
	case slices.ContainsFunc(append(wrong4, wrong6...), isCloudflare):
		r.Cloudflare = true
		r.Problem = fmt.Sprintf("%s points to Cloudflare's proxy (%s), which hides this machine's address. "+
			"In Cloudflare set the record to \"DNS only\" (grey cloud) until you have the certificate. "+
			"Then you can switch the proxy on, with \"Full (strict)\"", domain, list(found))
	case slices.ContainsFunc(found, isLocal):
		r.Judged = true
		r.Problem = fmt.Sprintf("%s points to %s, which only this machine or its network can reach. Remove it from /etc/hosts, or set the DNS record to %s", domain, list(found), wantedAddress(here4, here6))
	case len(wrong4) > 0 && len(here4) == 0:
		r.Problem = fmt.Sprintf("%s points to %s. This machine has no public IPv4 address of its own (%s), which is normal behind a router and on AWS or "+
			"GCP, so openalgo-install cannot check the record. Compare it with the public address that your provider shows. "+
			"Forward ports 80 and 443 to this machine", domain, list(wrong4), list(hostAddrs))
	case len(wrong4) > 0:
		r.Judged = true
		r.Problem = fmt.Sprintf("%s points to %s, but this machine has %s. Set the A record to %s only, then wait a few minutes", domain, list(r.A), list(here4), here4[0])
	case len(wrong6) > 0 && len(here6) > 0:
		r.Judged = true
		r.Problem = fmt.Sprintf("the AAAA record of %s is %s, but this machine has %s. Let's Encrypt tries IPv6 first, so correct or remove that record", domain, list(wrong6), list(here6))
	case len(wrong6) > 0:
		r.Judged = true
		r.Problem = fmt.Sprintf("the AAAA record of %s is %s, but this machine has no public IPv6 address. Let's Encrypt tries IPv6 first, so remove that record", domain, list(wrong6))
	default:
		r.Match, r.Judged = true, true
	}
	return r
}

// wantedRecord names the record to make, with the address if it is known.
func wantedRecord(domain string, here4, here6 []netip.Addr) string {
	kind := "an A record"
	if len(here4) == 0 && len(here6) > 0 {
		kind = "an AAAA record"
	}
	return fmt.Sprintf("%s for %s with %s", kind, domain, wantedAddress(here4, here6))
}

func wantedAddress(here4, here6 []netip.Addr) string {
	switch {
	case len(here4) > 0:
		return here4[0].String()
	case len(here6) > 0:
		return here6[0].String()
	}
	return "the public address that your provider shows for this machine"
}

// interfaceAddrs are the addresses that others could reach this machine by.
func interfaceAddrs() []netip.Addr {
	nets, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var addrs []netip.Addr
	for _, n := range nets {
		prefix, err := netip.ParsePrefix(n.String())
		if err != nil {
			continue
		}
		if ip := prefix.Addr().Unmap(); ip.IsGlobalUnicast() {
			addrs = append(addrs, ip)
		}
	}
	return addrs
}

// carrierNAT is what providers share out behind their own NAT (RFC 6598).
var carrierNAT = netip.MustParsePrefix("100.64.0.0/10")

// isLocal reports whether an address means nothing on the internet.
func isLocal(ip netip.Addr) bool {
	ip = ip.Unmap()
	return !ip.IsGlobalUnicast() || ip.IsPrivate() || carrierNAT.Contains(ip)
}

// public keeps the addresses of one family that mean this machine everywhere.
func public(addrs []netip.Addr, family func(netip.Addr) bool) []netip.Addr {
	var kept []netip.Addr
	for _, ip := range addrs {
		if family(ip) && !isLocal(ip) {
			kept = append(kept, ip)
		}
	}
	return kept
}

// without returns the addresses that are not among the known ones.
func without(addrs, known []netip.Addr) []netip.Addr {
	var rest []netip.Addr
	for _, ip := range addrs {
		if !slices.Contains(known, ip) {
			rest = append(rest, ip)
		}
	}
	return rest
}

func list(addrs []netip.Addr) string {
	if len(addrs) == 0 {
		return "none"
	}
	words := make([]string, len(addrs))
	for i, ip := range addrs {
		words[i] = ip.Unmap().String()
	}
	return strings.Join(words, ", ")
}

// cloudflare is https://www.cloudflare.com/ips/; it last changed in 2021.
var cloudflare = prefixes(
	"103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "104.16.0.0/13",
	"104.24.0.0/14", "108.162.192.0/18", "131.0.72.0/22", "141.101.64.0/18",
	"162.158.0.0/15", "172.64.0.0/13", "173.245.48.0/20", "188.114.96.0/20",
	"190.93.240.0/20", "197.234.240.0/22", "198.41.128.0/17",
	"2400:cb00::/32", "2405:8100::/32", "2405:b500::/32", "2606:4700::/32",
	"2803:f800::/32", "2a06:98c0::/29", "2c0f:f248::/32",
)

// CloudflareRanges are the networks that Cloudflare's proxy calls from.
func CloudflareRanges() []string {
	var out []string
	for _, p := range cloudflare {
		out = append(out, p.String())
	}
	return out
}

func isCloudflare(ip netip.Addr) bool {
	return slices.ContainsFunc(cloudflare, func(p netip.Prefix) bool { return p.Contains(ip.Unmap()) })
}

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}
