package doctor

import (
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

func instanceThere(p patient) []Finding {
	switch {
	case p.engine == nil:
		return nil
	case p.instance == nil:
		return failure("instance", finding.Named(finding.Failed, "instance-missing", "there is no OpenAlgo in %s", p.dir).With(ours()))
	}
	return ok("instance", "%s in %s, image %s", p.instance.Name, p.dir, p.instance.Image.Ref)
}

// refuses reports whether commands refuse to change this instance for one reason.
func (p patient) refuses(id string) bool {
	return slices.ContainsFunc(p.obstacles, func(o obstacle) bool { return finding.IDOf(o.problem) == id })
}

// changes reports what keeps commands from changing this instance: they say the
// same.
func changes(p patient) (out []Finding) {
	switch {
	case p.instance == nil && errors.Is(p.envErr, fs.ErrNotExist), p.unfinished != "", errors.Is(p.envErr, fs.ErrPermission), finding.IDOf(p.envErr) == idEncoding:
		return nil // there is nothing to change, or other checks say so
	}
	for _, o := range p.obstacles {
		out = append(out, o.told()...)
	}
	return out
}

func container(p patient) []Finding {
	c := p.container
	switch {
	case p.instance == nil:
		return nil
	case p.containerErr != nil:
		return failure("container", finding.Named(finding.Failed, "container-unseen", "%w", p.containerErr))
	case c == nil:
		return fixed("", failure("container", finding.Named(finding.HostNotReady, "container-missing", "its container is gone. Data and keys may still exist").With(ours("start")))) // it may be meant
	case c.OOMKilled && c.State != "running":
		return failure("container", finding.Named(finding.Failed, "out-of-memory", "Linux killed %s because memory ran out", c.Name).With(ours("start")))
	case stacks.IsFrozen(*c):
		return failure("container", finding.Named(finding.Failed, "frozen", "%s is frozen, by `docker pause` or by an interrupted backup. OpenAlgo does not answer", c.Name).With(ours("start")))
	case c.State == "restarting":
		return failure("container", finding.Named(finding.Failed, "restart-loop", "%s exits again and again (last status %d)", c.Name, c.ExitCode).With(ours("logs")))
	case c.State != "running":
		why := ""
		if c.Error != "" {
			why = ": " + c.Error
		}
		return failure("container", finding.Named(finding.HostNotReady, "not-running", "%s is %s (status %d)%s", c.Name, c.State, c.ExitCode, why).With(ours("start")))
	}
	return ok("container", "%s has been running since %s", c.Name, market.Text(c.StartedAt))
}

func ready(p patient) []Finding {
	switch {
	case p.container == nil || p.container.State != "running":
		return nil
	case p.instance.Starting:
		return warning("ready", finding.Warn("starting", "%s. A start can take some minutes", p.instance.Reason).With(ours("status")))
	case !p.instance.Ready:
		return failure("ready", finding.Named(finding.Failed, "not-ready", "OpenAlgo does not answer correctly: %s", p.instance.Reason).With(ours("logs"), ours("restart")))
	}
	return ok("ready", "HTTP and WebSocket answer at %s", p.instance.URL)
}

// health is Docker's own opinion, which others may act on.
func health(p patient) []Finding {
	if c := p.container; c != nil && c.State == "running" && strings.Contains(c.HealthLog, "WebSocket proxy: restarts:") {
		return warning("health", finding.Warn("websocket-restarted", "the WebSocket proxy crashed and was restarted: %s", strings.TrimSpace(c.HealthLog)).With(ours("logs")))
	}
	starting := p.instance != nil && p.instance.Starting
	if c := p.container; c != nil && c.State == "running" && c.Health == "unhealthy" && !starting {
		return warning("health", finding.Warn("unhealthy", "Docker's health check says unhealthy: %s", strings.TrimSpace(c.HealthLog)).With(ours("logs")))
	}
	return nil
}

func restarts(p patient) []Finding {
	if c := p.container; c != nil && c.RestartCount > 0 {
		return warning("restarts", finding.Warn("container-restarted", "Docker has restarted %s %d times since the container was created", c.Name, c.RestartCount).With(ours("logs")))
	}
	return nil
}

func restartPolicy(p patient) []Finding {
	c := p.container
	if c == nil {
		return nil
	}
	switch c.Restart {
	case "always", "unless-stopped", "on-failure":
		return nil
	}
	return fixed(FixPolicy, warning("restart", finding.Warn("restart-policy", "Docker does not start %s again after a crash or reboot", c.Name).With(shell("docker update --restart unless-stopped "+c.Name))))
}

// openPorts finds ports that the network reaches; Docker's pass by ufw.
func openPorts(p patient) (out []Finding) {
	if p.container == nil {
		return nil
	}
	for _, port := range p.container.Ports {
		ip, err := netip.ParseAddr(port.HostIP)
		if port.HostPort == 0 || err == nil && ip.IsLoopback() {
			continue
		}
		out = append(out, warning("ports", finding.Warn("ports-public", "port %d is open to the network without HTTPS. ufw does not block it", port.HostPort).With(finding.Hint{Do: "bind the port to 127.0.0.1 in " + p.dir + "/docker-compose.yaml, and use an HTTPS proxy"}))...)
	}
	if out == nil {
		return ok("ports", "no port is open to the network")
	}
	return out
}

func sizingDue(p patient) []Finding {
	if p.instance == nil || p.container == nil {
		return nil
	}
	now, due := p.instance.Sizing.InForce, p.instance.Sizing.Due
	if p.instance.Sizing.ResizeDue {
		return warning("sizing", finding.Warn("resize-due", "a resize is needed: this machine allows %s. OpenAlgo runs with %s",
			due.Values(), now.Values()).With(ours("resize")))
	}
	return ok("sizing", "%s", now.Values())
}

func schedule(p patient) []Finding {
	if p.instance == nil || p.instance.Schedule == nil {
		return nil
	}
	s := p.instance.Schedule
	switch {
	case !s.Done && !s.Waiting:
		return warning("schedule", finding.Warn("resize-missed", "the resize planned for %s did not happen: its process is gone", market.Text(s.Time)).With(ours(s.Command()...)))
	case s.Done && s.Exit != 0:
		return warning("schedule", finding.Warn("resize-failed", "the resize of %s failed: %s", market.Text(s.Time), s.Message).With(ours("resize")))
	}
	return nil
}
