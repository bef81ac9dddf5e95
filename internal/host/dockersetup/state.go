package dockersetup

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/host"
)

// State is what Plan must know beside the host's facts: what there is of
// Docker, whether its repository can be used, and what this user may do.
type State struct {
	Root bool // this user is root
	Sudo bool // this user is not, but sudo needs no password

	Running bool   // the daemon answers on its socket
	Version string // of the running daemon, 28.5.2; empty when it may not be asked
	// NotAllowed is whether it runs, but not for this user.
	NotAllowed bool
	Installed  bool // there is a dockerd, running or not
	Snap       bool // Docker is the snap package

	// RepoProblem says why Docker's repository is not used; empty when it is.
	RepoProblem string
	// RepoPresent is whether the user has added that repository already.
	RepoPresent bool

	OSTree        bool   // rpm-ostree keeps the system: Fedora CoreOS, Silverblue, IoT
	Transactional bool   // transactional-update keeps it: openSUSE MicroOS
	Repositories  string // what /etc/apk/repositories says

	OpenRC  bool // OpenRC is the running init
	Service bool // there is a service command (sysvinit)
}

// Look finds the state out. It changes nothing, and asks the network only
// when Docker is to be installed.
func Look(ctx context.Context, facts host.Facts, o Options) State {
	o = o.withDefaults()
	s := State{
		Root:      os.Geteuid() == 0,
		Installed: o.hasProgram("dockerd"),
		OpenRC:    o.exists("run/openrc"),
		Service:   o.hasProgram("service"),
	}
	s.Snap = !s.Installed && (o.exists("snap/bin/docker") || o.exists("var/lib/snapd/snap/bin/docker"))
	s.Version, s.Running, s.NotAllowed = ping(ctx, o.Socket)
	if s.Running || s.Snap {
		return s
	}
	if !s.Root {
		s.Sudo = o.Runner.Run(ctx, Command{Args: withSudo([]string{"true"})}, func(string) {}) == nil
	}
	if !s.Installed {
		s.OSTree, s.Transactional = o.exists("run/ostree-booted"), o.hasProgram("transactional-update")
		text, _ := os.ReadFile(o.path(apkRepositories)) // only Alpine has it
		s.Repositories = string(text)
		s.RepoPresent = o.repoPresent()
		s.RepoProblem = o.repoProblem(ctx, facts)
	}
	return s
}

// repoProblem says why Docker's repository cannot serve this machine.
func (o Options) repoProblem(ctx context.Context, facts host.Facts) string {
	p, err := platformOf(facts.OS)
	switch {
	case err != nil:
		return "" // Plan says so
	case o.Source == FromDistribution:
		return "you asked for the distribution's package"
	case p.repo == "":
		return "Docker has no repository for " + first(facts.OS.Pretty, facts.OS.ID)
	case p.release == "":
		return "this machine does not tell its Linux release"
	}
	if name := o.conflicting(); name != "" {
		return fmt.Sprintf("Docker's packages would replace the installed package %s of the distribution", name)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, p.probeURL(facts.Arch), nil)
	if err != nil {
		return err.Error()
	}
	response, err := o.HTTP.Do(request)
	if err != nil {
		return fmt.Sprintf("download.docker.com cannot be reached (%v)", err)
	}
	response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotFound:
		return fmt.Sprintf("Docker has no packages for %s %s yet", p.repo, p.release)
	case response.StatusCode != http.StatusOK:
		return "download.docker.com answers " + response.Status
	}
	return ""
}

// repoPresent reports whether a list that is not ours names Docker's
// repository: a second entry with another key path breaks apt altogether.
func (o Options) repoPresent() bool {
	for _, pattern := range []string{"etc/apt/sources.list", "etc/apt/sources.list.d/*.list", "etc/apt/sources.list.d/*.sources", "etc/yum.repos.d/*.repo"} {
		files, _ := filepath.Glob(o.path(pattern))
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err == nil && strings.Contains(string(text), "download.docker.com") && !strings.HasPrefix(string(text), ownFile) {
				return true
			}
		}
	}
	return false
}

// conflicting names an installed Debian package that docker-ce's packages
// would have apt remove.
func (o Options) conflicting() string {
	status, err := os.ReadFile(o.path("var/lib/dpkg/status"))
	if err != nil {
		return ""
	}
	for entry := range strings.SplitSeq(string(status), "\n\n") {
		lines := strings.Split(strings.TrimSpace(entry), "\n")
		name, isPackage := strings.CutPrefix(lines[0], "Package: ")
		if isPackage && slices.Contains([]string{"containerd", "runc", "podman-docker", "docker-doc"}, name) &&
			slices.Contains(lines, "Status: install ok installed") {
			return name
		}
	}
	return ""
}

func (o Options) path(name string) string { return filepath.Join(o.Root, name) }

func (o Options) exists(name string) bool {
	_, err := os.Stat(o.path(name))
	return err == nil
}

// hasProgram looks where system programs are, since a user's PATH often lacks
// the sbin directories.
func (o Options) hasProgram(name string) bool {
	return slices.ContainsFunc([]string{"usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin"}, func(dir string) bool {
		return o.exists(filepath.Join(dir, name))
	})
}
