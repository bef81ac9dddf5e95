package answers

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

var domainPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// labelPattern is a name without a dot.
var labelPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func (a *Answers) checkDomain(r *reader) {
	a.Domain = strings.ToLower(strings.TrimSuffix(a.Domain, "."))
	d := a.Domain
	if d == "" {
		return
	}
	const example = "; write only the name, for example algo.example.com"
	switch {
	case strings.Contains(d, "://"):
		r.wrong("domain", "this begins with http:// or another scheme%s", example)
	case isIP(d):
		r.wrong("domain", "certificates are for names, not for IP addresses. Write a domain, for example algo.example.com, or remove `domain` to "+
			"use OpenAlgo on this machine only")
	case strings.ContainsAny(d, "/:"):
		r.wrong("domain", "this contains a port or a path%s", example)
	case d == "localhost":
		r.wrong("domain", "remove `domain` to use OpenAlgo on this machine only")
	case !isASCII(d):
		r.wrong("domain", "write the name in its ASCII form (punycode), for example xn--bcher-kva.example")
	case labelPattern.MatchString(d):
		r.wrong("domain", "%s has no dot, so it cannot be a name on the internet%s", quote(d), example)
	case len(d) > 253 || !domainPattern.MatchString(d):
		r.wrong("domain", "%s is not a domain name%s", quote(d), example)
	}
}

// privateEndings are of names that the public DNS never has (RFC 2606, 6761, 6762,
// 7686, 8375, 9476), and of those that routers give.
var privateEndings = []string{"alt", "arpa", "corp", "example", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost", "onion", "private", "test"}

// privateName says why nobody on the internet can reach a name; "" where somebody may.
func privateName(domain string) string {
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	if domain == "" || !slices.Contains(privateEndings, last) {
		return ""
	}
	return "names that end in ." + last + " do not exist on the internet"
}

func isIP(s string) bool {
	_, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return err == nil
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c > 127 })
}
