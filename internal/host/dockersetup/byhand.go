package dockersetup

import (
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
)

// startsDocker is what follows where the package does not start its service.
const startsDocker = "sudo systemctl enable --now docker"

// byHand refuses a system whose packages this program does not install, and
// names the commands that do: they change more than Docker, or need a restart.
func byHand(o host.OS, s State) error {
	name := first(o.Pretty, o.ID)
	switch {
	case s.OSTree:
		return manual(name+" uses rpm-ostree. A new package needs a restart of the machine",
			"sudo rpm-ostree install moby-engine", "sudo systemctl reboot", startsDocker)
	case s.Transactional:
		return manual(name+" installs packages into a snapshot. They need a restart of the machine",
			"sudo transactional-update --non-interactive pkg install docker", "sudo reboot", startsDocker)
	case o.Is("arch"):
		return manual(name+" upgrades all packages together, so this also upgrades the whole operating system. Restart the machine if the kernel was upgraded",
			"sudo pacman -Syu docker", startsDocker)
	case o.ID == "nixos":
		return manual(name+" uses a configuration file. Add virtualisation.docker.enable = true; to /etc/nixos/configuration.nix, and apply it",
			"sudo nixos-rebuild switch")
	}
	return nil
}

func manual(why string, commands ...string) error {
	return finding.Named(finding.HostNotReady, "engine-by-hand", "Docker Engine is not installed, and openalgo-install cannot install it on this machine: %s", why).
		With(finding.Shell("Install Docker Engine yourself, then run openalgo-install again", commands...))
}
