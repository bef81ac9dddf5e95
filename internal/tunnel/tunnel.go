// Package tunnel says how a browser on another computer reaches an instance that
// listens on this machine only: through SSH.
package tunnel

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/loopback"
)

// Way is how a person logs in to this machine over SSH.
type Way struct {
	User string // "" is not known
	Host string // "" is not known
	Port int    // of the SSH server; 0 is the usual one
}

// What stands in a command for what is not known.
const (
	anyUser = "USER"
	anyHost = "SERVER"
	keyFile = "KEYFILE"
)

// Command is what makes the tunnel, for an instance with these ports.
func (w Way) Command(p answers.Ports) string { return "ssh " + w.arguments(p) }

func (w Way) arguments(p answers.Ports) string {
	return fmt.Sprintf("-N -L %s -L %s %s", forward(p, p.Web), forward(p, p.WebSocket), w.login())
}

// forward is a port as ssh -L takes it. The port is the same at both ends: the
// broker's redirect URL names it.
func forward(p answers.Ports, port int) string { return fmt.Sprintf("%d:%s", port, p.At(port)) }

func (w Way) login() string {
	user, host, port := w.User, w.Host, ""
	if user == "" {
		user = anyUser
	}
	if host == "" {
		host = anyHost
	}
	if w.Port != 0 && w.Port != 22 {
		port = "-p " + strconv.Itoa(w.Port) + " "
	}
	return port + user + "@" + host
}

// Open is what is to be opened in the browser of the other computer.
func Open(p answers.Ports) string { return "http://127.0.0.1:" + strconv.Itoa(p.Web) }

// Lines say step by step how to make the tunnel, and what success looks like.
// Commands are indented.
func (w Way) Lines(p answers.Ports) []string {
	out := []string{
		"On your own computer, open a terminal (on Windows: PowerShell) and type:",
		"   " + w.Command(p),
	}
	if unknown := w.unknown(); unknown != "" {
		out = append(out, unknown)
	}
	return append(out,
		"If you log in with a key file, as on most cloud servers:",
		"   ssh -i "+keyFile+" "+w.arguments(p),
		"Success looks like this: nothing more is printed, and the prompt does not come back.",
		"Leave that window open. Now open "+Open(p)+" in the browser of that computer.",
		`If ssh says "Address already in use", a program on that computer has the port (on a Mac: AirPlay Receiver). End it and type the command again.`,
	)
}

// unknown says what a person puts in for the placeholders; "" where there are none.
func (w Way) unknown() string {
	var words []string
	if w.User == "" {
		words = append(words, anyUser+" is the name that you log in with")
	}
	if w.Host == "" {
		words = append(words, anyHost+" is the address that you log in to")
	}
	if len(words) == 0 {
		return ""
	}
	return strings.Join(words, ", ") + "."
}

// reachable is the address of this machine as the other computer knows it. Behind
// a network that translates addresses, as most clouds have, the machine sees
// another one than its user.
func reachable(server, client, public netip.Addr) string {
	server, client = server.Unmap(), client.Unmap()
	switch {
	case !server.IsValid() || server.Zone() != "" || isInner(server) && !isInner(client):
		if !public.IsValid() {
			return ""
		}
		return public.String()
	}
	return server.String()
}

var shared = netip.MustParsePrefix("100.64.0.0/10") // of providers (RFC 6598)

// isInner reports whether an address has no meaning on the internet.
func isInner(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || shared.Contains(a)
}

// Or is the way with the address of this machine where nobody knows another one.
func (w Way) Or(address netip.Addr) Way {
	if w.Host == "" && address.IsValid() {
		w.Host = address.String()
	}
	return w
}

// plainHost is the name or address of a computer, which means nothing to a shell.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$`)

// To is the way to the computer on which Docker runs, by the address that Docker is
// asked at. false: that is this machine.
func To(docker string) (w Way, elsewhere bool) {
	u, err := url.Parse(docker)
	if err != nil || !slices.Contains([]string{"ssh", "tcp", "http", "https"}, u.Scheme) || loopback.Is(u.Hostname()) || !plainHost.MatchString(u.Hostname()) {
		return Way{}, false
	}
	w.Host = u.Hostname()
	if u.Scheme == "ssh" {
		w.User = plainName(u.User.Username())
		w.Port, _ = strconv.Atoi(u.Port())
	}
	return w, true
}
