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
		return manual(name+" is an image that rpm-ostree keeps: a package is added to the next image, and the machine restarts into that",
			"sudo rpm-ostree install moby-engine", "sudo systemctl reboot", startsDocker)
	case s.Transactional:
		return manual(name+" changes its packages in a snapshot, and restarts into that",
			"sudo transactional-update --non-interactive pkg install docker", "sudo reboot", startsDocker)
	case o.Is("arch"):
		return manual(name+" knows no upgrade of single packages, so a package is installed with an upgrade of the whole system. Restart the machine if the kernel was among them",
			"sudo pacman -Syu docker", startsDocker)
	case o.ID == "nixos":
		return manual(name+" is described by its configuration. Add virtualisation.docker.enable = true; to /etc/nixos/configuration.nix, and apply it",
			"sudo nixos-rebuild switch")
	}
	return nil
}

func manual(why string, commands ...string) error {
	return finding.Named(finding.HostNotReady, "engine-by-hand", "Docker Engine is not installed, and openalgo-install does not install it here: %s", why).
		With(finding.Shell("Install Docker Engine yourself, then run openalgo-install again", commands...))
}
