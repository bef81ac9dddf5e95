package dockersetup

import (
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/host"
)

// Download returns the command that fetches Docker's packages, with all that they need,
// into a directory that is there, and the one that installs them from the directory
// "docker" on a machine of the same distribution and release without a network.
// Empty is an empty file.
func Download(facts host.Facts, state State, dir, empty string) (fetch []string, install string, err error) {
	p, err := platformOf(facts.OS)
	if err != nil {
		return nil, "", err
	}
	packages := p.packages
	if state.RepoPresent {
		packages = dockerPackages
	}
	if len(packages) == 0 {
		return nil, "", fmt.Errorf("%s has no Docker package of its own. Add Docker's repository first: sudo openalgo-install docker", first(facts.OS.Pretty, "this machine"))
	}
	switch p.manager {
	case "apt":
		// With nothing installed, nothing is left out because this machine has it.
		fetch = append([]string{"apt-get", "install", "-y", "--download-only", "--no-install-recommends",
			"-o", "Dir::State::status=" + empty, "-o", "Dir::Cache::archives=" + dir, "-o", "APT::Sandbox::User=root"}, packages...)
		return fetch, "sudo dpkg --install --skip-same-version --refuse-downgrade docker/*.deb", nil
	case "dnf":
		return append([]string{"dnf", "download", "-y", "--resolve", "--alldeps", "--destdir", dir}, packages...),
			"sudo dnf install -y --disablerepo='*' docker/*.rpm", nil
	}
	return nil, "", fmt.Errorf("packages are fetched with apt and dnf, and %s has neither", first(facts.OS.Pretty, "this machine"))
}
