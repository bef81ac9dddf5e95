// Package publicip finds the public address of this machine: the one from which
// brokers see its orders. They reject orders from an address that is not registered
// with them.
package publicip

import (
	"context"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Off in the environment keeps this machine from asking anybody for its address.
// Services there are URLs, separated by commas, that are asked in place of the
// public ones: https, or http on loopback.
const (
	Off      = "OPENALGO_INSTALL_NO_PUBLIC_IP"
	Services = "OPENALGO_INSTALL_PUBLIC_IP_SERVICES"
)

// Question finds the address on a machine where this package could not.
const Question = "curl -4 https://checkip.amazonaws.com"

// Address is the public address of this machine. What is zero could not be found
// out, which is nothing unusual.
type Address struct {
	IPv4  netip.Addr `json:"ipv4,omitzero"`
	IPv6  netip.Addr `json:"ipv6,omitzero"`
	Cloud string     `json:"cloud,omitempty"` // whose machine it is, such as AWS; "" is not known
	// Guess says that no service answered, and the machine's own address was believed:
	// brokers may see another one.
	Guess bool `json:"guess,omitempty"`
}

// Known reports whether there is an address of either family.
func (a Address) Known() bool { return a.IPv4.IsValid() || a.IPv6.IsValid() }

// Best is the address that other computers reach: IPv4 where there is one. The zero
// value is not known.
func (a Address) Best() netip.Addr {
	if a.IPv4.IsValid() {
		return a.IPv4
	}
	return a.IPv6
}

// String is the address as a person enters it; "" is not known.
func (a Address) String() string {
	switch {
	case a.IPv4.IsValid() && a.IPv6.IsValid():
		return a.IPv4.String() + " (IPv6: " + a.IPv6.String() + ")"
	case a.IPv4.IsValid():
		return a.IPv4.String()
	case a.IPv6.IsValid():
		return a.IPv6.String()
	}
	return ""
}

// patience is how long all questions may take together.
const patience = 3 * time.Second

// Finder says who is asked.
type Finder struct {
	// IPv4 and IPv6 are services that answer with the caller's address alone.
	IPv4, IPv6 []string
	// Metadata is where a cloud tells a machine about itself; "" asks none.
	Metadata string
	// DMI reads what the firmware says: sys_vendor and the like.
	DMI func(name string) string
	// Local is the address of this machine on its way out to address.
	Local func(address string) netip.Addr
}

// Default asks the public services, and the cloud where the machine plainly is in one.
func Default() Finder {
	f := Finder{IPv4: public4, IPv6: public6, Metadata: "http://169.254.169.254", DMI: readDMI, Local: source}
	if own := os.Getenv(Services); own != "" {
		f.IPv4, f.IPv6, f.Metadata = allowed(strings.Split(own, ",")), nil, ""
	}
	if IsOff() {
		f.IPv4, f.IPv6, f.Metadata = nil, nil, ""
	}
	return f
}

// IsOff reports whether the environment forbids to ask anybody.
func IsOff() bool {
	off := os.Getenv(Off)
	return off != "" && off != "0" && off != "false"
}

// Find finds the address, within three seconds.
func Find(ctx context.Context) Address { return Default().Find(ctx) }

// Find finds the address, within three seconds. An address counts that two of those who
// were asked agree on, since one alone may be wrong.
func (f Finder) Find(ctx context.Context) Address {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cloud := cloudOf(f.DMI)
	a := Address{Cloud: cloud.name}
	var four, six voices
	var all sync.WaitGroup
	all.Go(func() { four.ask(ctx, "tcp4", f.IPv4) })
	all.Go(func() { six.ask(ctx, "tcp6", f.IPv6) })
	if cloud.ask != nil && f.Metadata != "" {
		all.Go(func() { four.metadata = cloud.ask(ctx, f.Metadata) })
	}
	all.Wait()
	if f.Local != nil {
		four.local, six.local = f.Local("192.0.2.1:9"), f.Local("[2001:db8::1]:9")
	}
	a.IPv4, a.IPv6 = four.judge(netip.Addr.Is4), six.judge(netip.Addr.Is6)
	a.Guess = len(f.IPv4) > 0 && !slices.ContainsFunc(slices.Concat(four.services, six.services), netip.Addr.IsValid)
	return a
}

// voices are what each source said of one family.
type voices struct {
	services        []netip.Addr
	metadata, local netip.Addr
}

// ask asks all services at once, until two agree.
func (v *voices) ask(ctx context.Context, network string, urls []string) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan netip.Addr, len(urls))
	for _, url := range urls {
		go func() { answers <- echo(ctx, network, url) }()
	}
	for range urls {
		a := <-answers
		agreed := a.IsValid() && slices.Contains(v.services, a)
		v.services = append(v.services, a)
		if agreed {
			return
		}
	}
}

// judge is the address that two voices agree on, services first, since they see what
// a broker sees. Where no service answered, the machine's own is believed, if it is
// public; then the cloud's.
func (v voices) judge(family func(netip.Addr) bool) netip.Addr {
	said := map[netip.Addr]int{}
	count := func(a netip.Addr) bool {
		if !a.IsValid() || !family(a) || !isPublic(a) {
			return false
		}
		said[a]++
		return true
	}
	answered := false
	for _, a := range v.services {
		answered = count(a) || answered
	}
	local, metadata := count(v.local), count(v.metadata)
	for _, a := range append(v.services, v.local, v.metadata) {
		if said[a] >= 2 {
			return a
		}
	}
	switch {
	case answered: // one alone, and what this machine says of itself is another
		return netip.Addr{}
	case local:
		return v.local
	case metadata:
		return v.metadata
	}
	return netip.Addr{}
}

// Ranges that are used inside of networks, beside those that netip knows.
var inside = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // between a provider and its customers
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"),
}

// isPublic reports whether the internet can see an address.
func isPublic(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Zone() != "" || a.Is4In6() {
		return false
	}
	for _, p := range inside {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
