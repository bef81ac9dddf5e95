// Package preflight says what of this machine prevents a change: all of it at once,
// before anything is stopped.
package preflight

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/compose"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/tree"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Problems are what prevents a plan from being carried out.
type Problems []*finding.Error

// Add adds a problem. One that has a name already keeps it.
//
//go:noinline
func (ps *Problems) Add(id, format string, args ...any) {
	*ps = append(*ps, finding.Named(finding.HostNotReady, id, format, args...))
}

// What a run needs free, in MiB: for our own files, and for an image of about
// 1 GB while it is unpacked (docs/openalgo-facts.md 3).
const (
	minDirMiB   = tree.MinDirMiB
	minImageMiB = 4096
)

// minInodes is fewer than any run makes: below it there is no use in beginning.
const minInodes = 8

// Dir looks at the instance's directory: every run writes there.
func Dir(o *world.Observation, ps *Problems) {
	disk, known := o.Host.Disks[string(o.Dir)]
	switch {
	case o.Host.Unwritable != nil:
		ps.Add("directory-unwritable", "%w", o.Host.Unwritable)
	case known && disk.FreeMiB < minDirMiB:
		ps.Add("disk-full", "the disk of %s is full (%s free). Free some space, then run the same command again", string(o.Dir), printable.MiB(disk.FreeMiB))
	case known && disk.FreeInodes >= 0 && disk.FreeInodes < minInodes:
		ps.Add("inodes-full", "the disk of %s has no room for more files (%d inodes free). Remove files, then run the same command again", string(o.Dir), disk.FreeInodes)
	}
	for _, err := range o.Host.Unreplaceable {
		ps.Add("file-unwritable", "%w", err)
	}
	if target := o.Host.EnvLink; target != "" {
		ps.Add("env-link", "%s is a link to %s, and a change would replace the link. Move the file itself to this place", o.Dir.Env(), target)
	}
}

// Engine refuses a Docker, or an image for it, that cannot run OpenAlgo. made says
// that the image is made here.
func Engine(o *world.Observation, image string, made bool, ps *Problems) {
	info := o.Engine
	if info.OS != "" && info.OS != "linux" {
		ps.Add("engine-platform", "Docker runs %s containers, and OpenAlgo needs Linux containers. Switch Docker to Linux containers", info.OS)
	}
	switch {
	case o.Image != nil && o.Image.Arch == info.Arch, info.Arch == "":
	case !openalgo.RunsOn(info.Arch) && !spec.IsTest(image):
		ps.Add("engine-platform", "Docker runs linux/%s containers, and OpenAlgo exists only for linux/amd64 and linux/arm64. Use a 64-bit machine. "+
			"On a Raspberry Pi 3 or later, install the 64-bit Raspberry Pi OS", info.Arch)
	case o.Image != nil && o.Image.Arch != "":
		ps.Add("image-platform", "the image %s is for %s, and Docker runs on %s. Choose an image for %s", image, o.Image.Arch, info.Arch, info.Arch)
	}
	if o.Image != nil || made || !info.Local || info.RootDir == "" {
		return
	}
	if disk, known := o.Host.Disks[info.RootDir]; known && disk.FreeMiB < minImageMiB {
		ps.Add("disk-full", "Docker keeps images in %s, which has %s free. The image needs about %s. Free some space (docker system df shows what uses it)",
			info.RootDir, printable.MiB(disk.FreeMiB), printable.MiB(minImageMiB))
	}
}

// User refuses an image whose user could not read .env.
func User(o *world.Observation, image string, ps *Problems) {
	uid := o.Answered.ImageUID
	if uid == "" || uid == "0" || uid == fmt.Sprint(openalgo.User) {
		return
	}
	ps.Add("image-user", "the image %s runs as user %s, but .env and the data belong to user %d. OpenAlgo would be unable to read its .env. "+
		"Use an image that runs as user %d (in its Dockerfile: RUN useradd --uid %[3]d appuser, and USER appuser)", image, uid, openalgo.User, openalgo.User)
}

// ImageToAsk is the image to ask with whether Docker has the instance's directory
// on its own disk, since the container mounts .env from there: "" where that is
// known. A Docker on another machine has not, and one from a snap sees only home
// directories. Where there is no image yet Docker still says whether there is such a
// directory; after the image has come, whether it is the same one.
func ImageToAsk(o *world.Observation) string {
	if o.Engine.ID != "" && o.State.SeenBy == o.Engine.ID {
		return ""
	}
	if o.Image != nil {
		return o.Image.ID
	}
	return cmp.Or(o.State.ImageID, world.NoImage)
}

// View refuses a Docker that does not see the instance's directory.
func View(o *world.Observation, ps *Problems) {
	view, info := o.Answered.View, o.Engine
	switch {
	case view.Err == nil:
	case finding.IDOf(view.Err) == "engine-incomplete":
		ps.Add("engine-incomplete", "%w", view.Err)
	case errors.Is(view.Err, world.ErrOwnUsers):
		*ps = append(*ps, finding.Named(finding.HostNotReady, "engine-userns", "Podman gives each container its own users (userns is keep-id or auto in containers.conf). "+
			"OpenAlgo would be unable to read its .env").
			With(finding.Hint{Do: `Remove the line with userns from containers.conf (below "[containers]"), and restart Podman's service`},
				finding.Shell("The file is one of these", "ls ~/.config/containers/containers.conf /etc/containers/containers.conf")))
	case info.Local:
		*ps = append(*ps, finding.Named(finding.HostNotReady, "directory-unseen", "Docker (%s) cannot see the directory %s: %w. Docker from a snap sees only your home directory", info.Endpoint, view.Dir, view.Err).
			With(finding.Hint{Do: "Choose a directory in your home directory: add --dir to the command"}, finding.Anywhere("Install Docker Engine instead", "docker")))
	default:
		ps.Add("directory-unseen", "Docker (%s) does not have the directory %s of this machine: %w. "+
			"Run openalgo-install on the machine that Docker runs on, or unset DOCKER_HOST and choose another Docker context", info.Endpoint, view.Dir, view.Err)
	}
}

// Snapshot requires the databases to be readable from here, and space for
// a copy of them.
func Snapshot(o *world.Observation, ps *Problems) {
	if err := guard.MayCopy(o, "an upgrade"); err != nil {
		ps.Add("needs-root", "%w", err)
		return
	}
	data := o.Answered.Databases
	switch {
	case o.Answered.DatabasesAt != nil:
		ps.Add("data-unreadable", "%w", o.Answered.DatabasesAt)
		return
	case data.Err != nil:
		ps.Add("data-unreadable", "look at the databases in %s: %w", data.Path, data.Err)
		return
	}
	need := int(data.Bytes>>20) + minDirMiB
	if disk, known := o.Host.Disks[string(o.Dir)]; known && disk.FreeMiB < need {
		ps.Add("disk-full", "a copy of the databases needs %s, and %s has %s free. Free some space first", printable.MiB(need), string(o.Dir), printable.MiB(disk.FreeMiB))
	}
	if err := o.Answered.Room.WayBack(); err != nil {
		ps.Add("disk-full", "%w", err)
	}
}

// Move requires space for a second copy of what is moved, and nothing in
// the place that it goes to.
func Move(o *world.Observation, stack *compose.Stack, c docker.Container, ps *Problems) {
	for _, m := range stack.Spec("").Mounts {
		_, exists := o.Volumes[m.Source]
		if exists && world.DataDirectories(c)[m.Target] != "" {
			ps.Add("volume-exists", "the volume %s for %s exists already and may contain other data. Check it. If you do not need that data, delete the volume: docker volume rm %[1]s", m.Source, m.Target)
		}
	}
	var bytes int64
	for _, source := range world.DataDirectories(c) {
		tree := o.Answered.Trees[source]
		if tree.Err != nil {
			ps.Add("data-unreadable", "looking at %s: %w", source, tree.Err)
		}
		bytes += tree.Bytes
	}
	root := o.Engine.RootDir
	if disk, known := o.Host.Disks[root]; known && disk.FreeMiB < int(bytes>>20)+minDirMiB {
		ps.Add("disk-full", "the copy into volumes needs %s, and %s has %s free. Free some space, or leave the data in its directories", printable.Size(bytes), root, printable.MiB(disk.FreeMiB))
	}
}

// NameHolder describes a container that has the stack's container name and is
// not the stack's.
func NameHolder(o *world.Observation, name string) string {
	i := slices.IndexFunc(o.Every, func(c docker.Container) bool { return c.Name == name })
	if i < 0 || o.Owns(o.Every[i]) {
		return ""
	}
	if project := o.Every[i].Labels[compose.LabelProject]; project != "" {
		return "of the project " + project
	}
	return "made from " + o.Every[i].Image
}
