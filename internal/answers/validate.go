package answers

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/broker"
)

// where is the place of a key, or of the nearest key above it.
func (r *reader) where(key string) position {
	for {
		if p, ok := r.at[key]; ok {
			return p
		}
		cut := strings.LastIndexByte(key, '.')
		if cut < 0 {
			return position{1, 1}
		}
		key = key[:cut]
	}
}

// wrong is a value that breaks a rule, unless the key has a problem already.
func (r *reader) wrong(key, format string, args ...any) {
	if slices.ContainsFunc(r.problems, func(p Problem) bool { return p.Key == key }) {
		return
	}
	for part := key; ; {
		if r.unread[part] {
			return
		}
		cut := strings.LastIndexByte(part, '.')
		if cut < 0 {
			break
		}
		part = part[:cut]
	}
	r.problem(key, r.where(key), format, args...)
}

// Check holds answers that were changed in a program against the rules of a file.
func (a *Answers) Check() []Problem {
	r := &reader{at: map[string]position{"version": {}}, unread: map[string]bool{}, source: map[string]string{}}
	r.validate(a)
	for i := range r.problems {
		r.problems[i].Line, r.problems[i].Column = 0, 0
	}
	return r.problems
}

func (r *reader) validate(a *Answers) {
	if _, ok := r.at["version"]; !ok || a.Version != 1 {
		r.wrong("version", "write `version: 1`: it says which form of answers this is")
	}
	r.domain(a)
	r.broker(a)
	r.image(a)
	if a.Volumes != "named" && a.Volumes != "bind" {
		r.wrong("volumes", "%s is neither named (Docker's volumes) nor bind (directories beside .env)", quote(a.Volumes))
	}
	r.data(a)
	r.tls(a)
	r.ports(a)
	r.sizing(a)
	if a.RemoteMCP.Enabled && a.Domain == "" {
		r.wrong("remote_mcp.enabled", "AI clients reach OpenAlgo over https alone: set `domain` too, or `enabled: false`")
	}
	r.env(a)
}

var domainPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

func (r *reader) domain(a *Answers) {
	a.Domain = strings.ToLower(strings.TrimSuffix(a.Domain, "."))
	d := a.Domain
	if d == "" {
		return
	}
	const example = "; write the name alone, e.g. algo.example.com"
	switch {
	case strings.Contains(d, "://"):
		r.wrong("domain", "this is an address with a scheme%s", example)
	case isIP(d):
		r.wrong("domain", "an IP address gets no certificate; leave `domain` out to use OpenAlgo on this machine only, or name a domain, e.g. algo.example.com")
	case strings.ContainsAny(d, "/:"):
		r.wrong("domain", "this has a port or a path%s", example)
	case d == "localhost":
		r.wrong("domain", "leave `domain` out to use OpenAlgo on this machine only")
	case !isASCII(d):
		r.wrong("domain", "write the name in its ASCII form (punycode), e.g. xn--bcher-kva.example")
	case len(d) > 253 || !domainPattern.MatchString(d):
		r.wrong("domain", "%s is not a domain name%s", quote(d), example)
	}
}

func isIP(s string) bool {
	_, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return err == nil
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c > 127 })
}

func (r *reader) broker(a *Answers) {
	name := a.Broker.Name
	if name == "" {
		r.wrong("broker.name", "name your broker, e.g. `broker: {name: zerodha}`; one of: %s", strings.Join(broker.IDs(), ", "))
		return
	}
	b, ok := broker.Find(name)
	if !ok {
		hint := "one of: " + strings.Join(broker.IDs(), ", ")
		if near, ok := broker.Nearest(name); ok {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		r.wrong("broker.name", "OpenAlgo knows no broker by %s; %s", quote(name), hint)
		return
	}
	if r.saved {
		return
	}
	for _, p := range b.Check(broker.Credentials{
		APIKey: a.Broker.APIKey, APISecret: a.Broker.APISecret,
		MarketAPIKey: a.Broker.MarketAPIKey, MarketAPISecret: a.Broker.MarketAPISecret,
	}) {
		key, message := "broker."+p.Field, p.Message
		if source := r.source[key]; source != "" {
			message += " (it was read from " + source + ")"
		}
		r.wrong(key, "%s", message)
	}
}

// onlyFor refuses an answer that would be passed over.
func (r *reader) onlyFor(key, value string, fits bool, what string) {
	if value != "" && !fits {
		r.wrong(key, "this counts for %s only; take it out, or change the other", what)
	}
}

func (r *reader) ports(a *Answers) {
	for key, port := range map[string]int{"ports.web": a.Ports.Web, "ports.websocket": a.Ports.WebSocket} {
		if port < 1 || port > 65535 {
			r.wrong(key, "%d is not a port; ports are 1 to 65535, e.g. 5000", port)
		}
	}
	if a.Ports.Web == a.Ports.WebSocket {
		r.wrong("ports.websocket", "both ports are %d; they must differ, e.g. {web: 5000, websocket: 8765}", a.Ports.Web)
	}
	if _, err := netip.ParseAddr(a.Ports.Bind); err != nil {
		r.wrong("ports.bind", "%s is not an IP address of this host, e.g. 127.0.0.1", quote(a.Ports.Bind))
	}
}

func (r *reader) sizing(a *Answers) {
	s := a.Sizing
	if s.RAMMiB != 0 && s.RAMMiB < 256 {
		r.wrong("sizing.ram", "%d MiB is too little for OpenAlgo; a number alone is MiB, so write e.g. 4GB, or auto", s.RAMMiB)
	}
	if s.Threads > 64 {
		r.wrong("sizing.threads", "%d threads are more than any library here can use; 1 to 64, or auto", s.Threads)
	}
	if s.StrategyMemoryMiB != 0 && s.StrategyMemoryMiB < 64 {
		r.wrong("sizing.strategy_memory_mb", "%d MB is too little to start Python; 64 at least, 512 for pandas, or auto", s.StrategyMemoryMiB)
	}
	if s.ShmMiB != 0 && s.ShmMiB < 64 {
		r.wrong("sizing.shm_size", "%d MiB is less than Docker's own default; 64m at least, or auto", s.ShmMiB)
	}
}
