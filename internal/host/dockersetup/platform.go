package dockersetup

import (
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/host"
)

// platform is how a system installs packages, and what Docker is called there.
type platform struct {
	manager string // apt, dnf, yum, zypper or apk
	// repo is the directory under download.docker.com/linux, and release what
	// Docker calls this system's release in it: a codename or a version. Both
	// are empty where Docker has no repository.
	repo, release string
	// packages are the distribution's own, nil where it has none.
	packages []string
}

// dockerPackages are the same in Docker's apt and dnf repositories.
var dockerPackages = []string{"docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin", "docker-compose-plugin"}

// platformOf maps a system to its packages. Derivatives take the release that
// they are built on.
func platformOf(o host.OS) (platform, error) {
	major, _, _ := strings.Cut(o.Version, ".")
	switch {
	case o.ID == "ubuntu" || o.UbuntuCodename != "":
		return platform{"apt", "ubuntu", first(o.UbuntuCodename, o.Codename), []string{"docker.io"}}, nil
	case o.ID == "debian" || o.DebianCodename != "":
		return platform{"apt", "debian", first(o.DebianCodename, o.Codename), []string{"docker.io"}}, nil
	case o.Is("ubuntu", "debian"): // a derivative that does not say of which release
		return platform{manager: "apt", packages: []string{"docker.io"}}, nil
	case o.ID == "amzn" && major == "2":
		return platform{manager: "yum", packages: []string{"docker"}}, nil
	case o.ID == "amzn":
		return platform{manager: "dnf", packages: []string{"docker"}}, nil
	case o.ID == "fedora":
		return platform{"dnf", "fedora", major, []string{"moby-engine"}}, nil
	case o.Is("rhel", "centos"), o.ID == "ol": // Oracle Linux says that it is like Fedora alone
		repo := "centos" // for Rocky, Alma, Oracle too: the packages are the same
		if o.ID == "rhel" {
			repo = "rhel"
		}
		manager := "dnf"
		if major == "7" {
			manager = "yum"
		}
		return platform{manager: manager, repo: repo, release: major}, nil
	case o.Is("fedora"):
		return platform{manager: "dnf", packages: []string{"moby-engine"}}, nil
	case o.Is("suse", "opensuse"):
		return platform{manager: "zypper", packages: []string{"docker"}}, nil
	case o.ID == "alpine":
		return platform{manager: "apk", packages: []string{"docker"}}, nil
	}
	return platform{}, fmt.Errorf("openalgo-install cannot install Docker Engine on %s. Install it as https://docs.docker.com/engine/install/ says, then "+
		"run the same command again", first(o.Pretty, "this machine"))
}

// url is Docker's repository for the system.
func (p platform) url() string { return repository + p.repo }

// probeURL is the file that is there exactly when Docker has packages for the
// release.
func (p platform) probeURL(arch string) string {
	if p.manager == "apt" {
		return fmt.Sprintf("%s/dists/%s/Release", p.url(), p.release)
	}
	return fmt.Sprintf("%s/%s/%s/stable/repodata/repomd.xml", p.url(), p.release, rpmArch(arch))
}

func rpmArch(goarch string) string {
	switch goarch {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	}
	return goarch
}

func debArch(goarch string) string {
	switch goarch {
	case "ppc64le":
		return "ppc64el"
	}
	return goarch
}

// first is the first value that is not empty.
func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
