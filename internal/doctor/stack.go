package doctor

import (
	"errors"
	"io/fs"
	"net/netip"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

func instanceThere(p patient) []Finding {
	switch {
	case p.engine == nil:
		return nil
	case p.instance == nil:
		return failure("instance", p.run(), "there is no OpenAlgo in %s", p.dir)
	}
	return ok("instance", "%s in %s, image %s", p.instance.Name, p.dir, p.instance.Image.Ref)
}

// refused reports whether commands refuse to change this instance for one reason.
func (p patient) refused(id string) bool { return finding.IDOf(p.obstacles) == id }

// checkOf is the check that a guard of the commands belongs to.
func checkOf(id string) string {
	switch id {
	case "keys", "moved", "owner", "engine":
		return id
	}
	return "changes"
}

// changes reports what keeps commands from changing this instance: they say the
// same.
func changes(p patient) (out []Finding) {
	switch {
	case p.instance == nil && errors.Is(p.envErr, fs.ErrNotExist), p.unfinished != "", errors.Is(p.envErr, fs.ErrPermission):
		return nil // there is nothing to change, or other checks say so
	}
	reader := finding.Prompt{Dir: p.dir, Sudo: true}
	for _, problem := range finding.Problems(p.obstacles) {
		id, mend := finding.IDOf(problem), ""
		if hints := finding.HintsOf(problem); len(hints) > 0 {
			mend = reader.Line(hints[0])
		}
		text := inOneLine(problem.Error())
		if checkOf(id) == "changes" {
			text = "no command can change this OpenAlgo: " + text
		}
		out = append(out, named(id, failure(checkOf(id), mend, "%s", text))...)
	}
	return out
}

// inOneLine is a text of several paragraphs as a row of sentences.
func inOneLine(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "\n\n", ". ")), " ")
}

func container(p patient) []Finding {
	c := p.container
	switch {
	case p.instance == nil:
		return nil
	case c == nil:
		return named("container-missing", failure("container", p.run("start"), "its container is gone; data and keys may still be there"))
	case c.OOMKilled && c.State != "running":
		return fixed(FixStart, failure("container", p.run("start"), "%s was killed because memory ran out", c.Name))
	case c.State == "paused":
		return named("frozen", fixed(FixStart, failure("container", p.run("start"), "%s is frozen, by `docker pause` or by a backup that was killed: OpenAlgo answers nobody", c.Name)))
	case c.State == "restarting":
		return failure("container", p.run("logs"), "%s ends again and again (last status %d)", c.Name, c.ExitCode)
	case c.State != "running":
		why := ""
		if c.Error != "" {
			why = ": " + c.Error
		}
		return named("not-running", fixed(FixStart, failure("container", p.run("start"), "%s is %s (status %d)%s", c.Name, c.State, c.ExitCode, why)))
	}
	return ok("container", "%s runs since %s", c.Name, c.StartedAt.Format("2006-01-02 15:04 MST"))
}

func ready(p patient) []Finding {
	switch {
	case p.container == nil || p.container.State != "running":
		return nil
	case p.instance.Starting:
		return warning("ready", p.run("status"), "%s. A start can take some minutes", p.instance.Reason)
	case !p.instance.Ready:
		return named("not-ready", fixed(FixRestart, failure("ready", p.run("logs"), "OpenAlgo does not answer rightly: %s", p.instance.Reason)))
	}
	return ok("ready", "HTTP and WebSocket answer at %s", p.instance.URL)
}

// health is Docker's own opinion, which others may act on.
func health(p patient) []Finding {
	if c := p.container; c != nil && c.State == "running" && strings.Contains(c.HealthLog, "WebSocket proxy: restarts:") {
		return warning("health", p.run("logs"), "the WebSocket proxy died and was started again: %s", strings.TrimSpace(c.HealthLog))
	}
	starting := p.instance != nil && p.instance.Starting
	if c := p.container; c != nil && c.State == "running" && c.Health == "unhealthy" && !starting {
		return warning("health", p.run("logs"), "Docker's health check says unhealthy: %s", strings.TrimSpace(c.HealthLog))
	}
	return nil
}

func restarts(p patient) []Finding {
	if c := p.container; c != nil && c.RestartCount > 0 {
		return warning("restarts", p.run("logs"), "Docker had to start %s again %d times since it was made", c.Name, c.RestartCount)
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
	return fixed(FixPolicy, warning("restart", "docker update --restart unless-stopped "+c.Name, "%s is not started again after a crash or a reboot", c.Name))
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
		out = append(out, warning("ports", "bind it to 127.0.0.1 in "+p.dir+"/docker-compose.yaml, behind a proxy",
			"port %d is open to the network, past ufw, without HTTPS", port.HostPort)...)
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
		return warning("sizing", p.run("resize"), "RAM and cores allow %s; in force are %d, %d and %d",
			due.Values(), now.Threads, now.ShmMiB, now.StrategyMemoryMiB)
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
		return warning("schedule", p.run("resize"), "a resize should have run at %s, and the process that waited for it is gone", s.Time.Format("2006-01-02 15:04 MST"))
	case s.Done && s.Exit != 0:
		return warning("schedule", p.run("resize"), "the resize of %s failed: %s", s.Time.Format("2006-01-02 15:04 MST"), s.Message)
	}
	return nil
}
