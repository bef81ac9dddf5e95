package doctor

import (
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/preflight"
)

// expectedWarnings are those of Docker that no OpenAlgo feels.
var expectedWarnings = []string{"blkio", "swap limit", "kernel memory", "bridge-nf-call", "cgroup v1 is deprecated",
	"oom kill disable", "io.weight", "io.max", "embedded-containerd", "cpu shares", "cpuset", "cdi:"}

// knownWarnings are those that Docker says in its own terms: a part of the text in
// small letters, and what it means here.
var knownWarnings = []struct {
	part  string
	means func(text string) *finding.Error
}{
	{"api is accessible on ", apiOpen},
	{"ipv4 forwarding", func(string) *finding.Error {
		return finding.Warn("forwarding-off", "the kernel forwards no IPv4: containers do not reach the internet, and their ports cannot be reached").
			With(shell("sudo sysctl -w net.ipv4.ip_forward=1"))
	}},
	{"docker_insecure_no_iptables_raw", func(string) *finding.Error {
		return finding.Warn("ports-unguarded", "Docker was started with DOCKER_INSECURE_NO_IPTABLES_RAW: the network of this machine can reach ports that are published "+
			"only on 127.0.0.1").
			With(shell("sudo systemctl edit docker"))
	}},
	{"without cgroups", limitsOff},
	{"no memory limit", limitsOff},
	{"no cpu cfs", limitsOff},
}

func limitsOff(string) *finding.Error {
	return finding.Warn("limits-unsupported", "Docker cannot keep OpenAlgo within its limits of memory and CPU: the kernel, or the session of Docker's user, has no cgroups for them")
}

// apiOpen is for "API is accessible on http://ADDRESS without encryption.", whose text
// goes on for lines.
func apiOpen(text string) *finding.Error {
	_, rest, _ := strings.Cut(text, "accessible on ")
	address, _, _ := strings.Cut(rest, " ")
	if i := strings.Index(address, "://"); i >= 0 {
		address = address[i+len("://"):]
	}
	return finding.Warn("engine-api-open", "Docker's API is open on %s without a proof of who asks: whoever reaches that port is root on this machine. "+
		"Remove that address from /etc/docker/daemon.json and from Docker's service. Use ssh:// to reach Docker from elsewhere", address).
		With(shell("sudo systemctl edit docker"))
}

func engineWarns(p patient) (out []Finding) {
	if p.engine == nil {
		return nil
	}
	if p.engine.ProxiesLackLoopback {
		out = warning("engine", preflight.Proxies())
	}
	said := map[string]bool{}
	for _, text := range p.engine.Warnings {
		found := meaning(text)
		if found == nil || said[found.Error()] {
			continue
		}
		said[found.Error()] = true
		out = append(out, warning("engine", found)...)
	}
	return out
}

// meaning says what a warning of Docker's is about; nil for nothing.
func meaning(text string) *finding.Error {
	text = strings.TrimSpace(strings.TrimPrefix(text, "WARNING: "))
	small := strings.ToLower(text)
	for _, known := range expectedWarnings {
		if strings.Contains(small, known) {
			return nil
		}
	}
	for _, known := range knownWarnings {
		if strings.Contains(small, known.part) {
			return known.means(text)
		}
	}
	return finding.Warn("engine-warns", "Docker says: %s", text)
}
