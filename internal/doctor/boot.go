package doctor

import (
	"context"
	"os/exec"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
)

// atBoot is whether Docker starts with the machine.
type atBoot struct{ enabled *bool } // nil: not known

func (c *atBoot) look(ctx context.Context, _ Look, p *patient) {
	if p.engine != nil && p.engine.Local {
		c.enabled = startsAtBoot(ctx, p.host)
	}
}

func (c *atBoot) judge(patient) []Finding {
	switch {
	case c.enabled == nil:
		return nil
	case !*c.enabled:
		return warning("boot", finding.Warn("engine-not-at-boot", "Docker Engine does not start with the machine: after a reboot OpenAlgo stays down").With(shell("sudo systemctl enable docker")))
	}
	return ok("boot", "Docker Engine starts with the machine")
}

// startsAtBoot asks systemd; nil where something else starts things.
func startsAtBoot(ctx context.Context, facts *host.Facts) *bool {
	if facts == nil || !facts.Systemd {
		return nil
	}
	enabled := false
	for _, unit := range []string{"docker.service", "docker.socket", "snap.docker.dockerd.service"} {
		enabled = enabled || exec.CommandContext(ctx, "systemctl", "--quiet", "is-enabled", unit).Run() == nil
	}
	return &enabled
}
