// Package dockersetup installs and starts Docker Engine: from Docker's signed
// package repository where that can be reached and knows the system, else from
// the distribution. It looks first, makes a plan of commands and files, and
// then carries that plan out; it removes nothing, upgrades nothing else and
// never pipes a script into a shell.
package dockersetup

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/host"
)

const (
	repository = "https://download.docker.com/linux/"

	aptKeyPath   = "/etc/apt/keyrings/docker.asc"
	aptListPath  = "/etc/apt/sources.list.d/docker.sources"
	dnfKeyPath   = "/etc/pki/rpm-gpg/docker.asc"
	dnfListPath  = "/etc/yum.repos.d/docker-ce.repo"
	detachedLog  = "/var/log/dockerd.log"
	ownFile      = "# Written by openalgo-install.\n"
	aptLockLimit = 5 * time.Minute
)

// ErrNeedsRoot is returned when the user may neither install packages nor
// become one who may.
var ErrNeedsRoot = errors.New("installing Docker Engine needs root. Run: sudo openalgo-install docker")

// ErrSnap is returned when Docker is the snap package.
var ErrSnap = errors.New("Docker on this machine is a snap. It cannot see files outside /home and keeps its own data. " + //nolint:staticcheck // a name
	"Save the data of its containers, remove it with \"sudo snap remove docker\", then run the same command again")

// File is a file that a plan writes whole.
type File struct {
	Path string
	Mode fs.FileMode // as it will be, whatever the umask
	// Content is what it holds; empty when it is fetched from URL.
	Content string
	// URL is fetched over HTTPS, and must be the OpenPGP key with Fingerprint.
	URL, Fingerprint string
}

// Step is one thing that a plan does: a command or a file.
type Step struct {
	Title   string
	Command []string
	// Fallback is run when Command fails.
	Fallback []string
	// MayFail is whether the plan goes on, with a warning, when it fails.
	MayFail bool
	// TakesLock is whether apt's and dpkg's locks must be free.
	TakesLock bool
	// Starts is whether the step only starts the daemon, and so is left out
	// when installing the package has started it.
	Starts bool
	File   *File
}

// String is the step for a printed plan: the title and what is run or written.
func (s Step) String() string {
	var b strings.Builder
	b.WriteString(s.Title)
	if s.Command != nil {
		fmt.Fprintf(&b, "\n    $ %s", commandLine(s.Command))
	}
	if s.Fallback != nil {
		fmt.Fprintf(&b, "\n    if that fails:\n    $ %s", commandLine(s.Fallback))
	}
	if f := s.File; f != nil {
		fmt.Fprintf(&b, "\n    > %s (mode %04o)", f.Path, f.Mode)
		if f.URL != "" {
			fmt.Fprintf(&b, "\n      from %s\n      fingerprint %s", f.URL, f.Fingerprint)
		}
		for line := range strings.Lines(f.Content) {
			fmt.Fprintf(&b, "\n      %s", strings.TrimSuffix(line, "\n"))
		}
	}
	return b.String()
}

// commandLine prints a command so that it can be pasted into a shell.
func commandLine(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = arg
		if arg == "" || strings.ContainsAny(arg, " \t\n'\"$&|;<>()*?`\\~#") {
			words[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// Plan says what has to be done on a machine to have Docker Engine running,
// with nothing to do as no steps. It is pure: facts and state say all.
func Plan(facts host.Facts, state State) ([]Step, error) {
	switch {
	case state.Snap:
		return nil, ErrSnap
	case state.Running:
		return nil, nil
	}
	if problem := facts.DockerProblem(); problem != "" {
		return nil, errors.New(problem)
	}
	if !state.Installed {
		if err := byHand(facts.OS, state); err != nil {
			return nil, err
		}
	}
	if !state.Root && !state.Sudo {
		return nil, ErrNeedsRoot
	}
	var steps []Step
	if !state.Installed {
		p, err := platformOf(facts.OS)
		if err != nil {
			return nil, err
		}
		if steps, err = installSteps(p, facts, state); err != nil {
			return nil, err
		}
	}
	steps = append(steps, startSteps(facts, state)...)
	if !state.Root {
		for i := range steps {
			steps[i].Command = withSudo(steps[i].Command)
			steps[i].Fallback = withSudo(steps[i].Fallback)
		}
	}
	return steps, nil
}

func withSudo(command []string) []string {
	if command == nil {
		return nil
	}
	return append([]string{"sudo", "-n"}, command...)
}

func installSteps(p platform, facts host.Facts, state State) ([]Step, error) {
	packages, source := p.packages, "the distribution's package"
	var steps []Step
	if state.RepoProblem == "" {
		packages, source = dockerPackages, "Docker's repository"
		if !state.RepoPresent {
			steps = repoSteps(p, facts)
		}
	}
	if len(packages) == 0 {
		return nil, fmt.Errorf("%s has no Docker package, and Docker's repository cannot be used: %s. See https://docs.docker.com/engine/install/", first(facts.OS.Pretty, "this machine"), state.RepoProblem)
	}
	if p.manager == "apk" {
		var err error
		if steps, err = communitySteps(state.Repositories); err != nil {
			return nil, err
		}
	}
	title := "Install Docker Engine from " + source
	if p.manager == "apt" {
		return append(steps,
			// Some third-party source that is broken must not stop us.
			Step{Title: "Refresh the package lists", Command: apt("update"), MayFail: true, TakesLock: true},
			// --no-remove: rather fail than remove what the user has.
			Step{Title: title, Command: apt("install", append([]string{"-y", "--no-remove"}, packages...)...), TakesLock: true},
		), nil
	}
	install := map[string][]string{
		"dnf":    {"dnf", "install", "-y"},
		"yum":    {"yum", "install", "-y"},
		"zypper": {"zypper", "--non-interactive", "install"},
		"apk":    {"apk", "add", "--update-cache"}, // a new repository has no index yet
	}[p.manager]
	return append(steps, Step{Title: title, Command: append(install, packages...)}), nil
}

// apt runs apt-get with nothing to ask: configuration files of the user are
// kept, services of others are not restarted, a lock is waited for.
func apt(verb string, args ...string) []string {
	return append([]string{
		"env", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_MODE=l",
		"apt-get", verb,
		"-o", fmt.Sprintf("DPkg::Lock::Timeout=%d", int(aptLockLimit.Seconds())),
		"-o", "Dpkg::Options::=--force-confdef",
		"-o", "Dpkg::Options::=--force-confold",
	}, args...)
}

func repoSteps(p platform, facts host.Facts) []Step {
	key := File{Path: dnfKeyPath, Mode: 0o644, URL: p.url() + "/gpg", Fingerprint: rpmFingerprint}
	list := File{Path: dnfListPath, Mode: 0o644}
	if p.manager == "apt" {
		key.Path, key.Fingerprint = aptKeyPath, debFingerprint
		list.Path = aptListPath
		list.Content = ownFile + fmt.Sprintf("Types: deb\nURIs: %s\nSuites: %s\nComponents: stable\nArchitectures: %s\nSigned-By: %s\n",
			p.url(), p.release, debArch(facts.Arch), aptKeyPath)
	} else {
		list.Content = ownFile + fmt.Sprintf("[docker-ce-stable]\nname=Docker CE Stable - $basearch\nbaseurl=%s/%s/$basearch/stable\nenabled=1\ngpgcheck=1\ngpgkey=file://%s\n",
			p.url(), p.release, dnfKeyPath)
	}
	return []Step{
		{Title: "Fetch the key that signs Docker's packages", File: &key},
		{Title: "Add Docker's package repository", File: &list},
	}
}

// detached is how dockerd is started where no init takes it: in a session of
// its own, so that it outlives this program and its terminal.
const detached = "setsid dockerd </dev/null >>" + detachedLog + " 2>&1 &"

func startSteps(facts host.Facts, state State) []Step {
	byHand := []string{"sh", "-c", detached}
	const title = "Start Docker Engine"
	switch {
	case facts.Systemd:
		return []Step{{Title: title + ", now and at every boot", Command: []string{"systemctl", "enable", "--now", "docker"}}}
	case state.OpenRC:
		return []Step{
			{Title: "Start Docker Engine at every boot", Command: []string{"rc-update", "add", "docker", "default"}, MayFail: true},
			{Title: title, Command: []string{"rc-service", "docker", "start"}, Fallback: byHand, Starts: true},
		}
	case state.Service:
		return []Step{{Title: title, Command: []string{"service", "docker", "start"}, Fallback: byHand, Starts: true}}
	}
	return []Step{{Title: title, Command: byHand, Starts: true}}
}
