package hostcare

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// listening is the state of a socket that waits for connections, in /proc/net/tcp.
const listening = "0A"

// open are the ports that listen on other addresses than the loopback ones.
func (v View) open() (out []int) {
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		for _, line := range lines(v.read(name)) {
			fields := strings.Fields(line)
			if len(fields) < 4 || fields[3] != listening {
				continue
			}
			address, hex, _ := strings.Cut(fields[1], ":")
			port, err := strconv.ParseUint(hex, 16, 16)
			if err == nil && !isLoopback(address) && !slices.Contains(out, int(port)) {
				out = append(out, int(port))
			}
		}
	}
	slices.Sort(out)
	return out
}

// isLoopback judges an address as the kernel writes it: words of 32 bits, each with its
// last byte first.
func isLoopback(hex string) bool {
	const mapped = "0000000000000000FFFF0000"
	if len(hex) == 32 && strings.HasPrefix(hex, mapped) {
		hex = hex[len(mapped):]
	}
	return len(hex) == 8 && strings.HasSuffix(hex, "7F") || hex == "00000000000000000000000001000000"
}

// firewall is whether ports of other programs are open to everybody. Only root may
// look at the rules, so it is nil for others. Ports of containers pass by a firewall;
// they have a check of their own.
func (v View) firewall(ctx context.Context, s sshd) *Result {
	if !v.IsRoot {
		return nil
	}
	expected := append(s.ports(), 80, 443)
	var ports []int
	names := map[int]string{}
	for _, port := range v.open() {
		name := v.Holder(ctx, port)
		if !slices.Contains(expected, port) && name != "docker-proxy" && name != "rootlesskit" && name != "rootlessport" && name != "conmon" && len(ports) < mostPorts {
			ports, names[port] = append(ports, port), name
		}
	}
	ports = v.Unguarded(ctx, ports)
	if len(ports) == 0 {
		return &Result{Check: "world", Text: "no other port of this machine is open to the network"}
	}
	var list []string
	for _, port := range ports {
		word := strconv.Itoa(port)
		if names[port] != "" {
			word += " (" + names[port] + ")"
		}
		list = append(list, word)
	}
	ssh := ""
	for _, port := range s.ports() {
		ssh += strconv.Itoa(port) + ","
	}
	install := []string{"sudo apt-get install ufw", "sudo ufw allow " + ssh + "80,443/tcp", "sudo ufw enable"}
	if v.OS.Is("fedora", "rhel", "centos", "amzn") {
		install = []string{"sudo dnf install firewalld", "sudo systemctl enable --now firewalld"}
	}
	noun := "port " + list[0] + " is"
	if len(list) > 1 {
		noun = "ports " + strings.Join(list, ", ") + " are"
	}
	return &Result{Check: "world", Found: finding.Warn("firewall-off", "%s open to the network, and no firewall of this machine is on. "+
		"Your provider may have a firewall, which cannot be seen from here", noun).With(finding.Hint{Shell: install})}
}

// mostPorts bounds the list.
const mostPorts = 12
