package install

import (
	"fmt"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// What a run needs free, in MiB: for our own files, and for an image of about
// 1 GB while it is unpacked (docs/openalgo-facts.md 3).
const (
	minDirMiB   = world.MinDirMiB
	minImageMiB = 4096
)

// minInodes is fewer than any run makes: below it there is no use in beginning.
const minInodes = 8

// problems are what prevents a plan from being carried out.
type problems []string

func (ps *problems) add(format string, args ...any) { *ps = append(*ps, fmt.Sprintf(format, args...)) }

// preflight collects everything that prevents a plan from being carried out, and
// says it all at once.
func preflight(o *observed, p *Plan) error {
	var ps problems
	preflightDir(o, &ps)
	for _, path := range o.Host.Rivals {
		if !p.intent.adopts() {
			ps.add("%s would be read by Docker Compose instead of %s: rename it or choose another --dir", path, compose.FileName)
		}
	}
	if rivals := runningRivals(o.Containers); rivals != "" {
		ps.add("%s", rivals)
	}
	preflightEngine(o, p, &ps)
	preflightUser(o, p, &ps)
	preflightView(o, &ps)
	var cause error
	if p.change(KindImage, p.stack.Image) != nil {
		cause = preflightBuild(o, p, &ps)
	}
	taken := preflightPorts(o, p, &ps)
	preflightEdge(o, p, &ps)
	if c := o.Container(); p.intent.upgrades() && c != nil && !p.Empty() {
		preflightSnapshot(o, &ps)
	}
	if c := o.Container(); p.intent.Data == ToVolumes && c != nil {
		preflightMove(o, p, *c, &ps)
	}
	if holder := nameHolder(o, p.stack.ContainerName()); holder != "" {
		ps.add("a container called %s exists and is not this stack's (%s): rename it (docker rename %s NAME), or choose another --dir",
			p.stack.ContainerName(), holder, p.stack.ContainerName())
	}
	return finding.NotReady(ps, cause, taken)
}

// preflightDir looks at the instance's directory: every run writes there.
func preflightDir(o *observed, ps *problems) {
	disk, known := o.Host.Disks[string(o.Dir)]
	switch {
	case o.Host.Unwritable != nil:
		ps.add("%v", o.Host.Unwritable)
	case known && disk.FreeMiB < minDirMiB:
		ps.add("the disk of %s is full (%d MiB free): make room, then run this again", string(o.Dir), disk.FreeMiB)
	case known && disk.FreeInodes >= 0 && disk.FreeInodes < minInodes:
		ps.add("the disk of %s has no room for further files (%d inodes free): remove files, then run this again", string(o.Dir), disk.FreeInodes)
	}
	for _, err := range o.Host.Unreplaceable {
		ps.add("%v", err)
	}
	if target := o.Host.EnvLink; target != "" {
		ps.add("%s is a link to %s, and an edit would replace the link: move the file itself here", o.Dir.Env(), target)
	}
}

// mayReplace refuses to begin where the instance's files cannot be replaced, for
// a command that has no plan.
func mayReplace(o *observed) error {
	var ps problems
	for _, err := range append([]error{o.Host.Unwritable}, o.Host.Unreplaceable...) {
		if err != nil {
			ps.add("%v", err)
		}
	}
	return finding.NotReady(ps)
}

// mayCopy refuses what reads and writes the volumes where this user cannot.
func mayCopy(o *observed, what string) error {
	switch {
	case !o.Engine.Local:
		return finding.Errorf(finding.HostNotReady, "%s reads and writes Docker's volumes, which are on another machine\n\nRun the same command there, with sudo. Nothing was changed.", what)
	case !o.Host.Root:
		return finding.Errorf(finding.HostNotReady, "%s reads and writes Docker's volumes, so it needs root\n\n%s\n\nNothing was changed.", what, o.Host.BecomeRoot)
	}
	return nil
}

func preflightEngine(o *observed, p *Plan, ps *problems) {
	info := o.Engine
	if info.OS != "" && info.OS != "linux" {
		ps.add("the engine runs %s containers, OpenAlgo needs Linux ones: switch Docker to Linux containers", info.OS)
	}
	if o.Image != nil && o.Image.Arch != "" && info.Arch != "" && o.Image.Arch != info.Arch {
		ps.add("the image %s is for %s and this engine runs %s: name an image for %s", p.stack.Image, o.Image.Arch, info.Arch, info.Arch)
	}
	if o.Image != nil || p.answers.Image.Source == "rehearsal" || p.built != nil || !info.Local || info.RootDir == "" {
		return
	}
	if disk, known := o.Host.Disks[info.RootDir]; known && disk.FreeMiB < minImageMiB {
		ps.add("%s, where Docker keeps images, has %d MiB free and the image needs about %d: make room (docker system df shows what takes it)",
			info.RootDir, disk.FreeMiB, minImageMiB)
	}
}

// asksUser reports whether the number of the image's user is needed: an image
// that runs here already can read .env.
func asksUser(o *observed, p *Plan) bool {
	c := o.Container()
	return o.Image != nil && p.stack.Spec("").User == "" && (c == nil || c.ImageID != o.Image.ID || p.intent.adopts())
}

// preflightUser refuses an image whose user could not read .env.
func preflightUser(o *observed, p *Plan, ps *problems) {
	uid := o.Answered.ImageUID
	if uid == "" || uid == "0" || uid == fmt.Sprint(openalgo.User) {
		return
	}
	ps.add("the image %s runs as user %s, but .env and the data belong to user %d. OpenAlgo could not read its .env. "+
		"Use an image that runs as user %d (in its Dockerfile: RUN useradd --uid %[3]d appuser, and USER appuser)", p.stack.Image, uid, openalgo.User, openalgo.User)
}

// imageToAsk is the image to ask with whether Docker has the instance's directory
// on its own disk, since the container mounts .env from there: "" where that is
// known, or where there is no image yet. A Docker on another machine has not, and
// one from a snap sees only home directories.
func imageToAsk(o *observed) string {
	if o.Engine.ID != "" && o.State.SeenBy == o.Engine.ID || o.Engine.Podman {
		return ""
	}
	if o.Image != nil {
		return o.Image.ID
	}
	return o.State.ImageID
}

// preflightView refuses a Docker that does not see the instance's directory.
func preflightView(o *observed, ps *problems) {
	view, info := o.Answered.View, o.Engine
	switch {
	case view.Err == nil:
	case info.Local:
		ps.add("Docker (%s) does not see the directory %s: %v. A Docker from a snap sees only your home directory. "+
			"Choose a --dir there, or install Docker Engine instead: sudo openalgo-install docker", info.Endpoint, view.Dir, view.Err)
	default:
		ps.add("Docker (%s) does not have the directory %s of this machine: %v. "+
			"Run openalgo-install on the machine that Docker runs on, or unset DOCKER_HOST and choose another Docker context", info.Endpoint, view.Dir, view.Err)
	}
}

// preflightSnapshot requires the databases to be readable from here, and space for
// a copy of them.
func preflightSnapshot(o *observed, ps *problems) {
	if err := mayCopy(o, "an upgrade"); err != nil {
		ps.add("%v", err)
		return
	}
	data := o.Answered.Databases
	switch {
	case o.Answered.DatabasesAt != nil:
		ps.add("%v", o.Answered.DatabasesAt)
		return
	case data.Err != nil:
		ps.add("looking at the databases in %s: %v", data.Path, data.Err)
		return
	}
	need := int(data.Bytes>>20) + minDirMiB
	if disk, known := o.Host.Disks[string(o.Dir)]; known && disk.FreeMiB < need {
		ps.add("the databases take %d MiB, and %s has %d MiB free for a copy: make room first", need, string(o.Dir), disk.FreeMiB)
	}
	if err := o.Answered.Room.WayBack(); err != nil {
		ps.add("%v", err)
	}
}

// preflightMove requires space for a second copy of what is moved, and nothing in
// the place that it goes to.
func preflightMove(o *observed, p *Plan, c spec.Container, ps *problems) {
	for _, m := range p.stack.Spec("").Mounts {
		_, exists := o.Volumes[m.Source]
		if exists && dataDirectories(c)[m.Target] != "" {
			ps.add("the volume %s, which %s would go into, is there already and may hold other data: look into it, and remove it if it is not needed (docker volume rm %[1]s)", m.Source, m.Target)
		}
	}
	var bytes int64
	for _, source := range dataDirectories(c) {
		tree := o.Answered.Trees[source]
		if tree.Err != nil {
			ps.add("looking at %s: %v", source, tree.Err)
		}
		bytes += tree.Bytes
	}
	root := o.Engine.RootDir
	if disk, known := o.Host.Disks[root]; known && disk.FreeMiB < int(bytes>>20)+minDirMiB {
		ps.add("%d MiB are to be copied into volumes, and %s has %d MiB free: make room, or leave the directories as they are", bytes>>20, root, disk.FreeMiB)
	}
}

// preflightBuild refuses to build an image on a machine that is too small for it.
func preflightBuild(o *observed, p *Plan, ps *problems) error {
	memory := o.Answered.Memory
	if memory == nil {
		return nil // what cannot be measured is no reason to refuse
	}
	free := buildDiskMiB
	if disk, known := o.Host.Disks[o.Engine.RootDir]; known {
		free = disk.FreeMiB
	}
	found := tooSmall(memory.RAMMiB, memory.SwapMiB, free, p.built.Src.BuildsFrontend, o.Engine.RootDir)
	*ps = append(*ps, found...)
	if len(found) > 0 {
		return ErrBuildTooBig
	}
	return nil
}

// nameHolder describes a container that has the stack's container name and is
// not the stack's.
func nameHolder(o *observed, name string) string {
	i := slices.IndexFunc(o.Every, func(c spec.Container) bool { return c.Name == name })
	if i < 0 || o.Owns(o.Every[i]) {
		return ""
	}
	if project := o.Every[i].Labels[compose.LabelProject]; project != "" {
		return "of the project " + project
	}
	return "made from " + o.Every[i].Image
}
