package host

import (
	"net/netip"
	"slices"
	"strings"
)

// whom is whose connections a rule is about.
type whom int

const (
	nobody   whom = iota // of those from the internet to the port
	few                  // those from some addresses
	somebody             // it cannot be told from here
	everybody
)

type ruleMatch struct {
	who    whom
	target string
}

// ruleFlags are options of a rule that have no value.
var ruleFlags = []string{"--syn", "--fragment", "-f", "--set", "--rcheck", "--update", "--remove", "--rsource", "--rdest", "--rttl"}

// matchOf judges a rule by its options, for a new connection to a TCP port.
func matchOf(args []string, port int) ruleMatch {
	m := ruleMatch{who: everybody}
	not := false
	for i := 0; i < len(args); i++ {
		name, value := args[i], ""
		if name == "!" {
			not = true
			continue
		}
		if i+1 < len(args) && takesValue(name, args[i+1]) {
			i++
			value = args[i]
		}
		if name == "-j" || name == "-g" {
			m.target = value
			break // what follows is about the target
		}
		if name == "--tcp-flags" && i+1 < len(args) {
			i++
			value = args[i] // which of the flags are set
		}
		m.who = min(m.who, option(name, value, not, port))
		not = false
	}
	return m
}

// takesValue reports whether next is the value of an option.
func takesValue(name, next string) bool {
	return name == "--comment" || !slices.Contains(ruleFlags, name) && !strings.HasPrefix(next, "-") && next != "!"
}

// option says whose connections one option of a rule lets through.
func option(name, value string, not bool, port int) whom {
	switch name {
	case "-m", "--comment":
		return everybody
	case "-p":
		return when(value == "tcp" || value == "all" || value == "6", not)
	case "-i":
		return interfaceOption(value, not)
	case "-s":
		prefix, err := netip.ParsePrefix(value)
		return whomIf(not || err == nil && prefix.Bits() == 0, everybody, few)
	case "-d":
		address, _, _ := strings.Cut(value, "/")
		ip, err := netip.ParseAddr(address)
		inner := err == nil && (ip.IsLoopback() || ip.IsMulticast() || address == "255.255.255.255")
		return whomIf(inner && !not, nobody, somebody)
	case "--dport", "--destination-port", "--dports", "--destination-ports":
		return when(slices.ContainsFunc(strings.Split(value, ","), func(item string) bool { return covers(item, port) }), not)
	case "--sport", "--source-port", "--sports":
		return when(covers(value, 50000), not) // such a port a client has
	case "--state", "--ctstate":
		return when(slices.Contains(strings.Split(value, ","), "NEW"), not)
	case "--syn":
		return when(true, not)
	case "--tcp-flags":
		return when(value == "SYN", not)
	case "--dst-type":
		return when(value == "LOCAL" || value == "UNICAST", not)
	case "--icmp-type":
		return nobody
	}
	return somebody
}

// interfaceOption: connections from the internet come through some interface, but
// not through that of the machine itself or of containers.
func interfaceOption(name string, not bool) whom {
	inner := name == "lo" || name == "docker0" || strings.HasPrefix(name, "br-")
	switch {
	case inner && not:
		return everybody
	case inner:
		return nobody
	}
	return somebody
}

func when(matches, not bool) whom { return whomIf(matches != not, everybody, nobody) }

func whomIf(is bool, then, otherwise whom) whom {
	if is {
		return then
	}
	return otherwise
}
