package preflight

import (
	"strings"
	"unicode"

	"github.com/marketcalls/openalgo-install/internal/answers"
	edge "github.com/marketcalls/openalgo-install/internal/edge/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Edge tells, before anything changes, what would keep the domain of some answers
// from being served, and what may.
func Edge(o *world.Observation, way *world.Way, a answers.Answers, ps *Problems) (warnings finding.Warnings) {
	edgePortsFree(o, way, ps)
	if way.State.Kind == edge.KindNginx {
		nginxNames(o, way, ps)
	}
	warnings = append(warnings, domain(o, a, ps)...)
	warnings = append(warnings, Firewall(o.Answered.Firewall)...)
	return append(warnings, reach(o.Answered.Reach, way, a)...)
}

// nginxNames refuses what nginx would take for a pattern or a variable. Such a name
// would lead it to another file than the one that keeps the site closed to strangers.
func nginxNames(o *world.Observation, way *world.Way, ps *Problems) {
	if isSpecial(way.Gate, `*?[]\"$`) {
		ps.Add("directory-pattern", "the name of %s has one of * ? [ ] \\ \" $ or a line break: nginx would read other files than those in it. "+
			"Choose a directory without them, such as /opt/openalgo", printable.Line(string(o.Dir)))
	}
	for key, path := range map[string]string{"tls.cert": way.Site.CertPath, "tls.key": way.Site.KeyPath} {
		if isSpecial(path, "$") {
			ps.Add("certificate-path", "%s: the path %s has a dollar sign or a line break, which nginx cannot read: choose another name for the file", key, printable.Line(path))
		}
	}
}

func isSpecial(path, characters string) bool {
	return strings.ContainsAny(path, characters) || strings.ContainsFunc(path, unicode.IsControl)
}

// Firewall tells what of this machine's firewall keeps HTTPS from being reached, and
// the commands that open it.
func Firewall(closed []world.FirewallProblem) (out finding.Warnings) {
	for _, c := range closed {
		w := finding.Warn("firewall-closed", "%s", c.Text)
		if len(c.Commands) > 0 {
			w = w.With(finding.Shell("Open it", c.Commands...), finding.Answer("Or let openalgo-install open it", "tls: {open_ports: true}", ""))
		}
		out = append(out, w)
	}
	return out
}

// edgePortsFree requires both ports to be free, unless the proxy itself has them.
func edgePortsFree(o *world.Observation, way *world.Way, ps *Problems) {
	for _, want := range EdgePorts(way) {
		who, err := o.PortHolder(want)
		if err != nil {
			ps.Add("port-unchecked", "check port %d: %w", want.Port, err)
		}
		if who == "" {
			continue
		}
		hint := finding.Answer("Stop it, or put OpenAlgo behind it", "tls: {mode: off}",
			`Stop it, or go back to the page "HTTPS" and choose your own proxy`)
		if strings.HasPrefix(who, "nginx") {
			hint = finding.Answer("Let it serve OpenAlgo as well, or stop it", "tls: {mode: nginx}",
				`Go back to the page "HTTPS" and choose nginx, or stop it`)
		}
		ps.Add("port-taken", "port %d, which HTTPS needs, is taken by %s", want.Port, who)
		_ = (*ps)[len(*ps)-1].With(hint)
	}
}

// domain refuses a domain that certainly does not lead here.
func domain(o *world.Observation, a answers.Answers, ps *Problems) finding.Warnings {
	report := o.Answered.Dns
	switch {
	case !a.TLS.CheckDNS, report.Match, report.Cloudflare && a.TLS.Cloudflare:
	case report.HostsLine > 0:
		return finding.Warnings{InHosts(report.Problem, a.Domain)}
	case report.Cloudflare:
		return finding.Warnings{finding.Warn("cloudflare-proxy", "%s", strings.TrimSuffix(report.Problem, ".")).
			With(finding.Answer("To keep the proxy on, so that OpenAlgo sees who calls", "tls: {cloudflare: true}",
				"Switch the proxy off at Cloudflare for this name. To keep it on, save the answers, add `tls: {cloudflare: true}` to the file, and install with it"))}
	case report.Judged && a.TLS.Mode != "files":
		ps.Add("dns-mismatch", "%s", strings.TrimSuffix(report.Problem, "."))
		_ = (*ps)[len(*ps)-1].With(finding.Answer("If you know that it is right, add --no-dns-check to the command domain, or this to the answers file", "tls: {check_dns: false}",
			`Set the record at your domain's provider, then check again. Or go back to the page "Address" and leave the domain empty`))
	default:
		return finding.Warnings{finding.Warn("dns-mismatch", "%s", report.Problem)}
	}
	return nil
}

// InHosts is the warning of a domain that /etc/hosts has on this machine.
func InHosts(problem, domain string) *finding.Error {
	return finding.Warn("domain-in-hosts", "%s", problem).With(finding.Shell("See where the DNS record points to", "dig +short "+domain+" @1.1.1.1"))
}

// reach says who answered at the domain's port 80. Where the answer is missing,
// only somebody outside can tell why: routers often do not lead a host back to
// itself.
func reach(seen world.Reach, way *world.Way, a answers.Answers) finding.Warnings {
	switch seen {
	case world.NotAsked, world.ReachesHere:
	case world.ReachesOther:
		return finding.Warnings{finding.Warn("domain-reaches-other", "another machine answers on port 80 of %s. The certificate authority will reach that machine too", a.Domain)}
	case world.Unreached:
		return finding.Warnings{finding.Warn("domain-unreached", "cannot reach port 80 of %s from this machine. Behind a router this can be normal (no hairpin NAT). "+
			"If not, open the ports %d and %d in the firewall or in the provider's security group", a.Domain, way.State.HTTP, way.State.HTTPS)}
	}
	return nil
}

// EdgePorts are the ports that the proxy needs and does not have yet. nginx shares
// those that it has.
func EdgePorts(way *world.Way) (out []world.Port) {
	for _, port := range []int{way.State.HTTP, way.State.HTTPS} {
		if way.State.Kind == edge.KindCaddy && !way.Holds[port] {
			out = append(out, world.Port{Address: "", Port: port})
		}
	}
	return out
}
