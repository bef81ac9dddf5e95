package doctor

import (
	"context"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// atBoot is whether what runs containers starts them with the machine.
type atBoot struct{ enabled, linger *bool } // nil: not known

func (c *atBoot) look(ctx context.Context, _ Look, p *patient) {
	if p.engine == nil || !p.engine.Local || p.host == nil || !p.host.Systemd {
		return
	}
	s := startOf(*p.engine)
	if !s.user {
		enabled := isEnabled(ctx, s.units)
		c.enabled = &enabled
		return
	}
	name, home := strconv.Itoa(p.engine.User), ""
	if u, err := user.LookupId(name); err == nil {
		name, home = u.Username, u.HomeDir
	}
	enabled, linger := isUserEnabled("/", home, s.units), !gone("/var/lib/systemd/linger/"+name)
	c.enabled, c.linger = &enabled, &linger
}

func (c *atBoot) judge(p patient) []Finding {
	if c.enabled == nil || p.engine == nil {
		return nil
	}
	s := startOf(*p.engine)
	switch {
	case !*c.enabled:
		return warning("boot", finding.Warn("engine-not-at-boot", "%s does not start %s at boot. After a reboot OpenAlgo stays down", s.name, s.what).With(s.enable...))
	case c.linger != nil && !*c.linger:
		return warning("boot", finding.Warn("engine-not-at-boot", "%s runs only while its user is logged in. After a reboot or logout OpenAlgo stays down", s.name).With(s.linger))
	}
	return ok("boot", "%s starts %s at boot", s.name, s.what)
}

// start is what starts containers with the machine, for a kind of engine.
type start struct {
	name   string   // of who does it
	what   string   // it starts
	units  []string // one of them is enough
	user   bool     // they are the user's own
	enable []finding.Hint
	linger finding.Hint // lets them run while the user is not logged in
}

// startOf is the one place that knows what each kind of engine needs for a reboot.
func startOf(info engine.Info) start {
	s := start{name: "systemd", what: "Docker Engine", units: []string{"docker.service", "docker.socket", "snap.docker.dockerd.service"},
		enable: []finding.Hint{shell("sudo systemctl enable docker")}, linger: shell("sudo loginctl enable-linger $USER")}
	switch {
	case info.Podman && info.Rootless:
		s.what, s.units = "Podman's containers", []string{"podman-restart.service"}
		s.enable = []finding.Hint{shell("systemctl --user enable podman-restart.service")}
	case info.Podman:
		s.what, s.units = "Podman's containers", []string{"podman-restart.service"}
		s.enable = []finding.Hint{shell("sudo systemctl enable podman-restart.service")}
	case info.Rootless:
		s.what, s.units = "this user's Docker", []string{"docker.service"}
		s.enable = []finding.Hint{shell("systemctl --user enable docker")}
	}
	s.user = info.Rootless
	return s
}

// isEnabled asks systemd whether one of some units starts with the machine.
func isEnabled(ctx context.Context, units []string) bool {
	for _, unit := range units {
		if exec.CommandContext(ctx, "systemctl", "--quiet", "is-enabled", unit).Run() == nil {
			return true
		}
	}
	return false
}

// isUserEnabled looks whether one of some units starts with a user's systemd: in a
// user namespace that does not answer. root stands before the paths.
func isUserEnabled(root, home string, units []string) bool {
	for _, dir := range []string{filepath.Join(home, ".config"), "/etc", "/usr/lib"} {
		for _, unit := range units {
			if found, _ := filepath.Glob(filepath.Join(root, dir, "systemd/user/*.wants", unit)); len(found) > 0 {
				return true
			}
		}
	}
	return false
}
