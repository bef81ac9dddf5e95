package engine

import (
	"os"

	"github.com/marketcalls/openalgo-install/internal/userns"
)

// fillUsers notes what the numbers of users in containers are on this machine.
func fillUsers(i *Info) {
	if i.Podman {
		i.ID = "podman " + i.RootDir // it makes another ID up for every question
	}
	i.User = -1
	if i.Podman && i.Local { // it does not say so as Docker does
		i.Rootless = i.Rootless || userns.IsUsers(userns.OwnerOf(i.Endpoint), os.Geteuid(), userns.IsRoot())
	}
	switch {
	case i.Local && i.Rootless:
		i.User = userns.OwnerOf(i.Endpoint)
		i.Inside = userns.Of(i.User, os.Geteuid()) == userns.Inside
		i.Enterable = userns.Of(i.User, os.Geteuid()) == userns.Outside
	case i.Local && i.UserNS:
		i.UserBase = userns.RemapBase(i.RootDir)
	}
}

// Enter goes on where a rootless engine of this user runs: this program starts again
// there, with args. Where that fails, it goes on as it is.
func (e *connection) Enter(args []string) {
	if !e.info.Enterable {
		return
	}
	e.info.NotEntered = userns.Enter(e.info.Endpoint, args, os.Environ()).Error()
}
