package guard

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// elsewhere refuses what reads and writes Docker's volumes where they are on another
// machine, and names it.
func elsewhere(o *world.Observation, what string) error {
	info := o.Engine
	refusal := func(where string, way finding.Hint) error {
		return finding.Named(finding.HostNotReady, "engine-elsewhere", "%s needs Docker's volumes, and they are not on this machine\n\n%s", what, where).
			With(way).Ending(finding.Unchanged)
	}
	if info.Desktop {
		return refusal("Docker Desktop keeps them in its own virtual machine, where openalgo-install cannot run.",
			finding.Hint{Do: "Move to a Linux server with Docker Engine: install OpenAlgo there"})
	}
	commands := []string{finding.Prompt{Dir: string(o.Dir), Sudo: true}.Command("status")}
	if login := sshTo(info.Endpoint); login != "" {
		commands = append([]string{login}, commands...)
	}
	return refusal(fmt.Sprintf("They are on %s, where the Docker at %s runs.", cmp.Or(info.Name, "another machine"), info.Endpoint),
		finding.Shell("Log in there, check that this instance is there, then run the same command with sudo", commands...))
}

// sshTo is the command that logs in where a Docker is reached over ssh; "" for
// another address.
func sshTo(endpoint string) string {
	target, ok := strings.CutPrefix(endpoint, "ssh://")
	if !ok {
		return ""
	}
	target, _, _ = strings.Cut(target, "/")
	if host, port, has := strings.Cut(target, ":"); has {
		return "ssh -p " + port + " " + host
	}
	return "ssh " + target
}
