package install

import (
	"fmt"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// What a run needs free, in MiB: for our own files, and for an image of about
// 1 GB while it is unpacked (docs/openalgo-facts.md 3).
const (
	minDirMiB   = 1
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
	for _, path := range o.host.rivals {
		if !p.intent.adopts() {
			ps.add("%s would be read by Docker Compose instead of %s: rename it or choose another --dir", path, compose.FileName)
		}
	}
	if rivals := runningRivals(o.containers); rivals != "" {
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
	if c := o.container(); p.intent.upgrades() && c != nil && !p.Empty() {
		preflightSnapshot(o, &ps)
	}
	if c := o.container(); p.intent.Data == ToVolumes && c != nil {
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
	disk, known := o.host.disks[string(o.dir)]
	switch {
	case o.host.unwritable != nil:
		ps.add("%v", o.host.unwritable)
	case known && disk.FreeMiB < minDirMiB:
		ps.add("the disk of %s is full (%d MiB free): make room, then run this again", string(o.dir), disk.FreeMiB)
	case known && disk.FreeInodes >= 0 && disk.FreeInodes < minInodes:
		ps.add("the disk of %s has no room for further files (%d inodes free): remove files, then run this again", string(o.dir), disk.FreeInodes)
	}
	for _, err := range o.host.unreplaceable {
		ps.add("%v", err)
	}
	if target := o.host.envLink; target != "" {
		ps.add("%s is a link to %s, and an edit would replace the link: move the file itself here", o.dir.Env(), target)
	}
}

// mayReplace refuses to begin where the instance's files cannot be replaced, for
// a command that has no plan.
func mayReplace(o *observed) error {
	var ps problems
	for _, err := range append([]error{o.host.unwritable}, o.host.unreplaceable...) {
		if err != nil {
			ps.add("%v", err)
		}
	}
	return finding.NotReady(ps)
}

// mayCopy refuses what reads and writes the volumes where this user cannot.
func mayCopy(o *observed, what string) error {
	switch {
	case !o.engine.Local:
		return finding.Errorf(finding.HostNotReady, "%s reads and writes Docker's volumes, which are on another machine\n\nRun the same command there, with sudo. Nothing was changed.", what)
	case !o.host.root:
		return finding.Errorf(finding.HostNotReady, "%s reads and writes Docker's volumes, so it needs root\n\n%s\n\nNothing was changed.", what, o.host.becomeRoot)
	}
	return nil
}

func preflightEngine(o *observed, p *Plan, ps *problems) {
	info := o.engine
	if info.OS != "" && info.OS != "linux" {
		ps.add("the engine runs %s containers, OpenAlgo needs Linux ones: switch Docker to Linux containers", info.OS)
	}
	if o.image != nil && o.image.Arch != "" && info.Arch != "" && o.image.Arch != info.Arch {
		ps.add("the image %s is for %s and this engine runs %s: name an image for %s", p.stack.Image, o.image.Arch, info.Arch, info.Arch)
	}
	if o.image != nil || p.answers.Image.Source == "rehearsal" || p.built != nil || !info.Local || info.RootDir == "" {
		return
	}
	if disk, known := o.host.disks[info.RootDir]; known && disk.FreeMiB < minImageMiB {
		ps.add("%s, where Docker keeps images, has %d MiB free and the image needs about %d: make room (docker system df shows what takes it)",
			info.RootDir, disk.FreeMiB, minImageMiB)
	}
}

// asksUser reports whether the number of the image's user is needed: an image
// that runs here already can read .env.
func asksUser(o *observed, p *Plan) bool {
	c := o.container()
	return o.image != nil && p.stack.Spec("").User == "" && (c == nil || c.ImageID != o.image.ID || p.intent.adopts())
}

// preflightUser refuses an image whose user could not read .env.
func preflightUser(o *observed, p *Plan, ps *problems) {
	uid := o.answered.imageUID
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
	if o.engine.ID != "" && o.state.SeenBy == o.engine.ID || o.engine.Podman {
		return ""
	}
	if o.image != nil {
		return o.image.ID
	}
	return o.state.ImageID
}

// preflightView refuses a Docker that does not see the instance's directory.
func preflightView(o *observed, ps *problems) {
	view, info := o.answered.view, o.engine
	switch {
	case view.err == nil:
	case info.Local:
		ps.add("Docker (%s) does not see the directory %s: %v. A Docker from a snap sees only your home directory. "+
			"Choose a --dir there, or install Docker Engine instead: sudo openalgo-install docker", info.Endpoint, view.dir, view.err)
	default:
		ps.add("Docker (%s) does not have the directory %s of this machine: %v. "+
			"Run openalgo-install on the machine that Docker runs on, or unset DOCKER_HOST and choose another Docker context", info.Endpoint, view.dir, view.err)
	}
}

// preflightSnapshot requires the databases to be readable from here, and space for
// a copy of them.
func preflightSnapshot(o *observed, ps *problems) {
	if err := mayCopy(o, "an upgrade"); err != nil {
		ps.add("%v", err)
		return
	}
	data := o.answered.databases
	switch {
	case o.answered.databasesAt != nil:
		ps.add("%v", o.answered.databasesAt)
		return
	case data.err != nil:
		ps.add("looking at the databases in %s: %v", data.path, data.err)
		return
	}
	need := int(data.bytes>>20) + minDirMiB
	if disk, known := o.host.disks[string(o.dir)]; known && disk.FreeMiB < need {
		ps.add("the databases take %d MiB, and %s has %d MiB free for a copy: make room first", need, string(o.dir), disk.FreeMiB)
	}
	if err := o.answered.room.wayBack(); err != nil {
		ps.add("%v", err)
	}
}

// preflightMove requires space for a second copy of what is moved, and nothing in
// the place that it goes to.
func preflightMove(o *observed, p *Plan, c engine.Container, ps *problems) {
	for _, m := range p.stack.Spec("").Mounts {
		_, exists := o.volumes[m.Source]
		if exists && dataDirectories(c)[m.Target] != "" {
			ps.add("the volume %s, which %s would go into, is there already and may hold other data: look into it, and remove it if it is not needed (docker volume rm %[1]s)", m.Source, m.Target)
		}
	}
	var bytes int64
	for _, source := range dataDirectories(c) {
		tree := o.answered.trees[source]
		if tree.err != nil {
			ps.add("looking at %s: %v", source, tree.err)
		}
		bytes += tree.bytes
	}
	root := o.engine.RootDir
	if disk, known := o.host.disks[root]; known && disk.FreeMiB < int(bytes>>20)+minDirMiB {
		ps.add("%d MiB are to be copied into volumes, and %s has %d MiB free: make room, or leave the directories as they are", bytes>>20, root, disk.FreeMiB)
	}
}

// preflightBuild refuses to build an image on a machine that is too small for it.
func preflightBuild(o *observed, p *Plan, ps *problems) error {
	memory := o.answered.memory
	if memory == nil {
		return nil // what cannot be measured is no reason to refuse
	}
	free := buildDiskMiB
	if disk, known := o.host.disks[o.engine.RootDir]; known {
		free = disk.FreeMiB
	}
	found := tooSmall(memory.RAMMiB, memory.SwapMiB, free, p.built.Src.BuildsFrontend, o.engine.RootDir)
	*ps = append(*ps, found...)
	if len(found) > 0 {
		return ErrBuildTooBig
	}
	return nil
}

// nameHolder describes a container that has the stack's container name and is
// not the stack's.
func nameHolder(o *observed, name string) string {
	i := slices.IndexFunc(o.every, func(c engine.Container) bool { return c.Name == name })
	if i < 0 || o.owns(o.every[i]) {
		return ""
	}
	if project := o.every[i].Labels[compose.LabelProject]; project != "" {
		return "of the project " + project
	}
	return "made from " + o.every[i].Image
}

// isUp reports whether a container runs, or would again in a moment: it has
// its ports, or is about to.
func isUp(c engine.Container) bool { return c.State == "running" || c.State == "restarting" }
