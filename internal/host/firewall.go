package host

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// firewallTime is how long a firewall's own program may take.
const firewallTime = 10 * time.Second

// FirewallProblem is a firewall of this machine that keeps ports closed.
type FirewallProblem struct {
	Text     string
	Commands []string // that open them; none where nobody can tell from here
}

// Firewall says what of this machine's own firewall keeps the ports closed; nothing
// where it is off or lets them in. What a provider's security group does, nobody
// can see from here.
func Firewall(ctx context.Context, ports ...int) (out []FirewallProblem) {
	const closes = "%s is active and blocks %s"
	closed, ufw := ufwClosed(ctx, ports)
	if len(closed) > 0 {
		out = append(out, FirewallProblem{fmt.Sprintf(closes, "ufw", words(closed)), ufwCommands(closed)})
	}
	closed, firewalld := firewalldClosed(ctx, ports)
	if len(closed) > 0 {
		out = append(out, FirewallProblem{fmt.Sprintf(closes, "firewalld", words(closed)), firewalldCommands(closed)})
	}
	if len(out) > 0 {
		return out
	}
	rules, read := iptablesClosed(ctx, ports)
	for _, c := range rules {
		out = append(out, c.problem())
	}
	if len(out) == 0 && !ufw && !firewalld && nftDrops(ctx, read) {
		out = append(out, FirewallProblem{Text: "nftables on this machine blocks connections without a rule. Make sure that a rule allows " + words(ports) + " (sudo nft list ruleset)"})
	}
	return out
}

// OpenPorts opens the ports in ufw, firewalld or the rules of iptables, where these
// close them. It never switches a firewall on. Where ufw is on, SSH works
// already, or nobody would be here: its rules stay as they are.
func OpenPorts(ctx context.Context, ports ...int) (done []string, err error) {
	closed, _ := ufwClosed(ctx, ports)
	for _, port := range closed {
		if _, err := run(ctx, "ufw", "allow", strconv.Itoa(port)); err != nil {
			return done, err
		}
		done = append(done, fmt.Sprintf("opened port %d in ufw (ufw delete allow %[1]d closes it)", port))
	}
	closed, _ = firewalldClosed(ctx, ports)
	for _, port := range closed {
		for _, protocol := range []string{"tcp", "udp"} {
			rule := "--add-port=" + strconv.Itoa(port) + "/" + protocol
			for _, args := range [][]string{{rule}, {"--permanent", rule}} {
				if _, err := run(ctx, "firewall-cmd", args...); err != nil {
					return done, err
				}
			}
		}
		done = append(done, fmt.Sprintf("opened port %d in firewalld", port))
	}
	rules, err := openIPTables(ctx, ports)
	return append(done, rules...), err
}

// ufwClosed are the ports that ufw, where it is active, does not let in.
func ufwClosed(ctx context.Context, ports []int) (closed []int, active bool) {
	text, err := run(ctx, "ufw", "status")
	if err != nil || !strings.Contains(text, "Status: active") {
		return nil, false
	}
	return closedOf(ports, func(port int) bool { return ufwAllows(text, port) }), true
}

// ufwAllows looks for a rule that lets everybody in to the TCP port.
func ufwAllows(status string, port int) bool {
	for line := range strings.Lines(status) {
		to, from, allows := strings.Cut(line, "ALLOW")
		if !allows || !strings.Contains(from, "Anywhere") {
			continue
		}
		to = strings.TrimSpace(to)
		if slices.Contains(webProfiles, to) && (port == 80 || port == 443) {
			return true
		}
		ports, protocol, _ := strings.Cut(to, "/")
		if protocol != "udp" && slices.ContainsFunc(strings.Split(ports, ","), func(item string) bool { return covers(item, port) }) {
			return true
		}
	}
	return false
}

// webProfiles are rules of ufw that packages bring, for both web ports.
var webProfiles = []string{"Nginx Full", "WWW Full", "Apache Full"}

// covers reports whether a port or a range, such as 8080:8090, has the port.
func covers(item string, port int) bool {
	first, last, ranged := strings.Cut(item, ":")
	low, err := strconv.Atoi(first)
	high := low
	if ranged {
		high, _ = strconv.Atoi(last)
	}
	return err == nil && low <= port && port <= high
}

func firewalldClosed(ctx context.Context, ports []int) (closed []int, active bool) {
	if text, err := run(ctx, "firewall-cmd", "--state"); err != nil || strings.TrimSpace(text) != "running" {
		return nil, false
	}
	services, _ := run(ctx, "firewall-cmd", "--list-services")
	return closedOf(ports, func(port int) bool {
		if _, err := run(ctx, "firewall-cmd", "--query-port="+strconv.Itoa(port)+"/tcp"); err == nil {
			return true
		}
		name := map[int]string{80: "http", 443: "https"}[port]
		return name != "" && strings.Contains(" "+strings.TrimSpace(services)+" ", " "+name+" ")
	}), true
}

// nftDrops reports whether an input chain drops by default. Those of iptables are
// called INPUT, and left out where iptables has been asked.
func nftDrops(ctx context.Context, askedIptables bool) bool {
	text, err := run(ctx, "nft", "list", "ruleset")
	if err != nil {
		return false
	}
	chain := ""
	for line := range strings.Lines(text) {
		if _, name, found := strings.Cut(line, "chain "); found {
			chain, _, _ = strings.Cut(name, " ")
		}
		ofIptables := askedIptables && chain == "INPUT"
		if !ofIptables && strings.Contains(line, "hook input") && strings.Contains(line, "policy drop") {
			return true
		}
	}
	return false
}

func ufwCommands(ports []int) []string {
	var out []string
	for _, port := range ports {
		out = append(out, "sudo ufw allow "+strconv.Itoa(port))
	}
	return out
}

func firewalldCommands(ports []int) []string {
	add := "sudo firewall-cmd --permanent"
	for _, port := range ports {
		add += fmt.Sprintf(" --add-port=%d/tcp --add-port=%[1]d/udp", port)
	}
	return []string{add, "sudo firewall-cmd --reload"}
}

func words(ports []int) string {
	var out []string
	for _, port := range ports {
		out = append(out, "port "+strconv.Itoa(port))
	}
	return strings.Join(out, " and ")
}

func closedOf(ports []int, open func(int) bool) []int {
	var out []int
	for _, port := range ports {
		if !open(port) {
			out = append(out, port)
		}
	}
	return out
}

// run runs a program that need not be there.
func run(ctx context.Context, name string, args ...string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, firewallTime)
	defer cancel()
	out, err := Command(ctx, path, args...).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s %s: %s: %w", name, strings.Join(args, " "), strings.TrimSpace(string(out)), err)
	}
	return string(out), nil
}
