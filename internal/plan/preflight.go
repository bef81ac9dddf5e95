package plan

import (
	"errors"
	"fmt"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/tree"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// What a build needs, in MiB of RAM and swap together and of free disk. The
// web interface's compiler alone takes over 2 GB: on hosts with less the build
// of the old script was killed (docs/openalgo-facts.md 4, 8: #939, #943).
const (
	buildMemoryMiB    = 1500
	frontendMemoryMiB = 3000
	buildDiskMiB      = 8192
)

// ErrBuildTooBig says that this machine can't build an image, but could pull
// one.
var ErrBuildTooBig = errors.New("this machine is too small to build the image")

// TooSmall says what of a machine does not suffice for a build.
func TooSmall(ramMiB, swapMiB, freeMiB int, frontend bool, root string) []*finding.Error {
	const instead = "or pull the published image instead: image: {source: registry, ref: \"" + answers.DefaultImage + "\"}"
	need, why := buildMemoryMiB, ""
	if frontend {
		need, why = frontendMemoryMiB, ", most of it to compile the web interface"
	}
	var out problems
	if ramMiB+swapMiB < need {
		out.add("memory-small", "building the image takes about %d MiB of memory%s, and this machine has %d MiB of RAM and %d of swap: add swap, %s",
			need, why, ramMiB, swapMiB, instead)
	}
	if freeMiB < buildDiskMiB {
		out.add("disk-full", "building the image takes about %d MiB of disk, and %s, where Docker keeps images, has %d MiB free: make room (docker system df), %s",
			buildDiskMiB, root, freeMiB, instead)
	}
	return out
}

// What a run needs free, in MiB: for our own files, and for an image of about
// 1 GB while it is unpacked (docs/openalgo-facts.md 3).
const (
	minDirMiB   = tree.MinDirMiB
	minImageMiB = 4096
)

// minInodes is fewer than any run makes: below it there is no use in beginning.
const minInodes = 8

// Preflight collects everything that prevents a plan from being carried out, and
// says it all at once.
func Preflight(o *world.Observation, p *Plan) error {
	var ps problems
	preflightDir(o, &ps)
	for _, path := range o.Host.Rivals {
		if !p.Intent.Adopts() {
			ps.add("compose-rival", "%s would be read by Docker Compose instead of %s: rename it or choose another --dir", path, compose.FileName)
		}
	}
	if rivals := guard.Rivals(o.Containers); rivals != "" {
		ps.add("two-containers", "%s", rivals)
	}
	preflightEngine(o, p, &ps)
	preflightUser(o, p, &ps)
	preflightView(o, &ps)
	var cause error
	if p.Change(KindImage, p.Stack.Image) != nil {
		cause = preflightBuild(o, p, &ps)
	}
	taken := preflightPorts(o, p, &ps)
	preflightEdge(o, p, &ps)
	if c := o.Container(); p.Intent.Upgrades() && c != nil && !p.Empty() {
		preflightSnapshot(o, &ps)
	}
	if c := o.Container(); p.Intent.Data == ToVolumes && c != nil {
		preflightMove(o, p, *c, &ps)
	}
	if holder := nameHolder(o, p.Stack.ContainerName()); holder != "" {
		ps.add("container-name-taken", "a container called %s exists and is not this stack's (%s): rename it (docker rename %s NAME), or choose another --dir",
			p.Stack.ContainerName(), holder, p.Stack.ContainerName())
	}
	return finding.NotReady(ps, cause, taken)
}

// preflightDir looks at the instance's directory: every run writes there.
func preflightDir(o *world.Observation, ps *problems) {
	disk, known := o.Host.Disks[string(o.Dir)]
	switch {
	case o.Host.Unwritable != nil:
		ps.add("directory-unwritable", "%w", o.Host.Unwritable)
	case known && disk.FreeMiB < minDirMiB:
		ps.add("disk-full", "the disk of %s is full (%d MiB free): make room, then run this again", string(o.Dir), disk.FreeMiB)
	case known && disk.FreeInodes >= 0 && disk.FreeInodes < minInodes:
		ps.add("inodes-full", "the disk of %s has no room for further files (%d inodes free): remove files, then run this again", string(o.Dir), disk.FreeInodes)
	}
	for _, err := range o.Host.Unreplaceable {
		ps.add("file-unwritable", "%w", err)
	}
	if target := o.Host.EnvLink; target != "" {
		ps.add("env-link", "%s is a link to %s, and an edit would replace the link: move the file itself here", o.Dir.Env(), target)
	}
}

func preflightEngine(o *world.Observation, p *Plan, ps *problems) {
	info := o.Engine
	if info.OS != "" && info.OS != "linux" {
		ps.add("engine-platform", "Docker runs %s containers, OpenAlgo needs Linux ones: switch Docker to Linux containers", info.OS)
	}
	if o.Image != nil && o.Image.Arch != "" && info.Arch != "" && o.Image.Arch != info.Arch {
		ps.add("image-platform", "the image %s is for %s and Docker runs %s: name an image for %s", p.Stack.Image, o.Image.Arch, info.Arch, info.Arch)
	}
	if o.Image != nil || p.Answers.Image.Source == "rehearsal" || p.Built != nil || !info.Local || info.RootDir == "" {
		return
	}
	if disk, known := o.Host.Disks[info.RootDir]; known && disk.FreeMiB < minImageMiB {
		ps.add("disk-full", "%s, where Docker keeps images, has %d MiB free and the image needs about %d: make room (docker system df shows what takes it)",
			info.RootDir, disk.FreeMiB, minImageMiB)
	}
}

// asksUser reports whether the number of the image's user is needed: an image
// that runs here already can read .env.
func asksUser(o *world.Observation, p *Plan) bool {
	c := o.Container()
	return o.Image != nil && p.Stack.Spec("").User == "" && (c == nil || c.ImageID != o.Image.ID || p.Intent.Adopts())
}

// preflightUser refuses an image whose user could not read .env.
func preflightUser(o *world.Observation, p *Plan, ps *problems) {
	uid := o.Answered.ImageUID
	if uid == "" || uid == "0" || uid == fmt.Sprint(openalgo.User) {
		return
	}
	ps.add("image-user", "the image %s runs as user %s, but .env and the data belong to user %d. OpenAlgo could not read its .env. "+
		"Use an image that runs as user %d (in its Dockerfile: RUN useradd --uid %[3]d appuser, and USER appuser)", p.Stack.Image, uid, openalgo.User, openalgo.User)
}

// imageToAsk is the image to ask with whether Docker has the instance's directory
// on its own disk, since the container mounts .env from there: "" where that is
// known, or where there is no image yet. A Docker on another machine has not, and
// one from a snap sees only home directories.
func imageToAsk(o *world.Observation) string {
	if o.Engine.ID != "" && o.State.SeenBy == o.Engine.ID || o.Engine.Podman {
		return ""
	}
	if o.Image != nil {
		return o.Image.ID
	}
	return o.State.ImageID
}

// preflightView refuses a Docker that does not see the instance's directory.
func preflightView(o *world.Observation, ps *problems) {
	view, info := o.Answered.View, o.Engine
	switch {
	case view.Err == nil:
	case info.Local:
		*ps = append(*ps, finding.Named(finding.HostNotReady, "directory-unseen", "Docker (%s) does not see the directory %s: %w. "+
			"A Docker from a snap sees only your home directory", info.Endpoint, view.Dir, view.Err).
			With(finding.Hint{Do: "Choose a directory there: add --dir to the command"}, finding.Anywhere("Install Docker Engine instead", "docker")))
	default:
		ps.add("directory-unseen", "Docker (%s) does not have the directory %s of this machine: %w. "+
			"Run openalgo-install on the machine that Docker runs on, or unset DOCKER_HOST and choose another Docker context", info.Endpoint, view.Dir, view.Err)
	}
}

// preflightSnapshot requires the databases to be readable from here, and space for
// a copy of them.
func preflightSnapshot(o *world.Observation, ps *problems) {
	if err := guard.MayCopy(o, "an upgrade"); err != nil {
		ps.add("needs-root", "%w", err)
		return
	}
	data := o.Answered.Databases
	switch {
	case o.Answered.DatabasesAt != nil:
		ps.add("data-unreadable", "%w", o.Answered.DatabasesAt)
		return
	case data.Err != nil:
		ps.add("data-unreadable", "looking at the databases in %s: %w", data.Path, data.Err)
		return
	}
	need := int(data.Bytes>>20) + minDirMiB
	if disk, known := o.Host.Disks[string(o.Dir)]; known && disk.FreeMiB < need {
		ps.add("disk-full", "the databases take %d MiB, and %s has %d MiB free for a copy: make room first", need, string(o.Dir), disk.FreeMiB)
	}
	if err := o.Answered.Room.WayBack(); err != nil {
		ps.add("disk-full", "%w", err)
	}
}

// preflightMove requires space for a second copy of what is moved, and nothing in
// the place that it goes to.
func preflightMove(o *world.Observation, p *Plan, c docker.Container, ps *problems) {
	for _, m := range p.Stack.Spec("").Mounts {
		_, exists := o.Volumes[m.Source]
		if exists && world.DataDirectories(c)[m.Target] != "" {
			ps.add("volume-exists", "the volume %s, which %s would go into, is there already and may hold other data: look into it, and remove it if it is not needed (docker volume rm %[1]s)", m.Source, m.Target)
		}
	}
	var bytes int64
	for _, source := range world.DataDirectories(c) {
		tree := o.Answered.Trees[source]
		if tree.Err != nil {
			ps.add("data-unreadable", "looking at %s: %w", source, tree.Err)
		}
		bytes += tree.Bytes
	}
	root := o.Engine.RootDir
	if disk, known := o.Host.Disks[root]; known && disk.FreeMiB < int(bytes>>20)+minDirMiB {
		ps.add("disk-full", "%d MiB are to be copied into volumes, and %s has %d MiB free: make room, or leave the directories as they are", bytes>>20, root, disk.FreeMiB)
	}
}

// preflightBuild refuses to build an image on a machine that is too small for it.
func preflightBuild(o *world.Observation, p *Plan, ps *problems) error {
	memory := o.Answered.Memory
	if memory == nil {
		return nil // what cannot be measured is no reason to refuse
	}
	free := buildDiskMiB
	if disk, known := o.Host.Disks[o.Engine.RootDir]; known {
		free = disk.FreeMiB
	}
	found := TooSmall(memory.RAMMiB, memory.SwapMiB, free, p.Built.Src.BuildsFrontend, o.Engine.RootDir)
	*ps = append(*ps, found...)
	if len(found) > 0 {
		return ErrBuildTooBig
	}
	return nil
}

// nameHolder describes a container that has the stack's container name and is
// not the stack's.
func nameHolder(o *world.Observation, name string) string {
	i := slices.IndexFunc(o.Every, func(c docker.Container) bool { return c.Name == name })
	if i < 0 || o.Owns(o.Every[i]) {
		return ""
	}
	if project := o.Every[i].Labels[compose.LabelProject]; project != "" {
		return "of the project " + project
	}
	return "made from " + o.Every[i].Image
}
