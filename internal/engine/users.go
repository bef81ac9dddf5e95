package engine

import (
	"os"
	"slices"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"

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

// HasOwn reports whether one of the places where Docker is looked for is a socket that
// belongs to this user, as that of a rootless one does. Nothing is asked.
func HasOwn(getenv func(string) string) bool {
	dir := configDir(getenv)
	file, err := config.Load(dir)
	if err != nil {
		file = configfile.New("")
	}
	places, err := findPlaces(getenv, dir, file)
	return err == nil && slices.ContainsFunc(places, func(p place) bool {
		return p.isSocket() && userns.OwnerOf(p.Host) == os.Geteuid()
	})
}

// Enter goes on where a rootless engine of this user runs: this program starts again
// there, with args. Where that fails, it goes on as it is.
func (e *connection) Enter(args []string) {
	if !e.info.Enterable {
		return
	}
	e.info.NotEntered = userns.Enter(e.info.Endpoint, args, os.Environ()).Error()
}
