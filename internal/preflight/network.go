package preflight

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/subnet"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// morePools is what to do where Docker's ranges do not do.
const morePools = `Give Docker other addresses in /etc/docker/daemon.json, then restart Docker (every container restarts): "default-address-pools": [{"base": "10.201.0.0/16", "size": 24}]`

// Networks tells what of the networks keeps OpenAlgo from being reached, or from
// reaching others, and refuses a stack whose network Docker could not create.
func Networks(o *world.Observation, stack *compose.Stack, ps *Problems) (warnings finding.Warnings) {
	warnings = Internet(o.Net)
	if o.Engine.Podman {
		return warnings // it has other pools, and does not tell which
	}
	for _, n := range stack.Networks {
		switch {
		case n.External:
		case o.Networks[n.Spec.Name]:
			warnings = append(warnings, Collisions(o.Net, n.Spec.Name, o.Net.Ranges[n.Spec.Name]...)...)
		case len(n.Spec.IPAM) > 0:
			for _, c := range n.Spec.IPAM {
				if own, err := netip.ParsePrefix(c.Subnet); err == nil {
					warnings = append(warnings, Collisions(o.Net, n.Spec.Name, own)...)
				}
			}
		default:
			warnings = append(warnings, newNetwork(o, n.Spec.Name, ps)...)
		}
	}
	return warnings
}

// newNetwork judges the range that Docker will give to a network.
func newNetwork(o *world.Observation, name string, ps *Problems) finding.Warnings {
	pools, before23 := subnet.Pools(o.Engine.AddressPools), before23(o.Engine)
	var taken []netip.Prefix
	for _, ranges := range o.Net.Ranges {
		taken = append(taken, ranges...)
	}
	_, byNetworks := subnet.Next(pools, taken)
	if r := o.Net.Routes; r != nil {
		taken = append(taken, subnet.Avoided(r.To, before23)...)
	}
	next, left := subnet.Next(pools, taken)
	if left {
		return Collisions(o.Net, name, next)
	}
	why, hints := "its networks use all of them", []finding.Hint{
		finding.Shell("Remove the networks that no container uses; no data is lost", "sudo docker network prune"), {Do: morePools}}
	if byNetworks {
		why, hints = "routes of this machine, for example of a VPN, cover all of them", []finding.Hint{
			{Do: "Disconnect the VPN until OpenAlgo is installed"}, {Do: morePools}}
	}
	*ps = append(*ps, finding.Named(finding.HostNotReady, "address-pools-full", "Docker has no free address range for the network %s: %s (%s)", name, why, poolsOf(pools)).With(hints...))
	return nil
}

func poolsOf(pools []docker.AddressPool) string {
	var out []string
	for _, p := range pools {
		out = append(out, p.Base.String())
	}
	return strings.Join(out, ", ")
}

// before23 reports whether a Docker is older than release 23, which has API 1.42.
func before23(info docker.Info) bool {
	var major, minor int
	_, err := fmt.Sscanf(info.Version, "%d.%d", &major, &minor)
	return err == nil && major < 23
}

// Collisions warn of a network with addresses that a route of the machine leads to,
// too.
func Collisions(n world.Net, name string, ranges ...netip.Prefix) (out finding.Warnings) {
	if n.Routes == nil {
		return nil
	}
	for _, own := range ranges {
		for _, r := range subnet.Collisions(own, n.Routes.To) {
			what := "this machine cannot reach those addresses behind " + r.Interface
			if r.To.Bits() >= own.Bits() {
				what = "OpenAlgo may not be reachable from this machine"
			}
			out = append(out, finding.Warn("network-collides", "Docker's network %s uses the addresses %s, and this machine routes %s through %s: %s", name, own, r.To, r.Interface, what).
				With(finding.Hint{Do: morePools}))
		}
	}
	return out
}

// Internet tells of a machine that only IPv6 leads out of: Docker's networks have
// IPv4 alone.
func Internet(n world.Net) finding.Warnings {
	if n.Routes == nil || n.Routes.IPv4 || !n.Routes.IPv6 {
		return nil
	}
	return finding.Warnings{finding.Warn("ip-version-missing", "this machine has only IPv6, and containers need IPv4 to reach your broker. Most brokers accept orders only from a registered IPv4 address").
		With(finding.Hint{Do: "Order an IPv4 address at your provider"})}
}
