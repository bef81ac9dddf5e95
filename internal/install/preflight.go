package install

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// What a run needs free, in MiB: for our own files, and for an image of about
// 1 GB while it is unpacked (docs/openalgo-facts.md 3).
const (
	minDirMiB   = 1
	minImageMiB = 4096
)

// minInodes is fewer than any run makes: below it there is no use in beginning.
const minInodes = 8

// preflight collects everything that stands in the way of a plan, and says it
// all at once.
func (in *Installer) preflight(ctx context.Context, o *observed, p *Plan) error {
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }

	in.preflightDir(add)
	for _, name := range rivalNames {
		if _, err := os.Stat(in.dir.Path(name)); err == nil && !p.intent.adopts() {
			add("%s would be read by Docker Compose instead of %s: rename it or choose another --dir",
				in.dir.Path(name), compose.FileName)
		}
	}
	if rivals := runningRivals(o.containers); rivals != "" {
		add("%s", rivals)
	}
	in.preflightEngine(o, p, add)
	in.preflightUser(ctx, o, p, add)
	in.preflightView(ctx, o, add)
	var cause error
	if p.change(KindImage, p.stack.Image) != nil {
		cause = in.preflightBuild(ctx, p.built, add)
	}
	in.preflightPorts(ctx, o, p, add)
	in.preflightEdge(ctx, p, add)
	if c := o.container(); p.intent.upgrades() && c != nil && !p.Empty() {
		in.preflightSnapshot(ctx, *c, add)
	}
	if c := o.container(); p.intent.Data == ToVolumes && c != nil {
		in.preflightMove(o, p, *c, add)
	}
	if holder := in.nameHolder(ctx, o, p.stack.ContainerName()); holder != "" {
		add("a container called %s exists and is not this stack's (%s): rename it (docker rename %s NAME), or choose another --dir",
			p.stack.ContainerName(), holder, p.stack.ContainerName())
	}
	return finding.NotReady(problems, cause)
}

// preflightDir looks at the instance's directory: every run writes there.
func (in *Installer) preflightDir(add func(string, ...any)) {
	if err := host.DirWritable(string(in.dir)); err != nil {
		add("%v", err)
	} else if disk, err := host.Disk(string(in.dir)); err == nil && disk.FreeMiB < minDirMiB {
		add("the disk of %s is full (%d MiB free): make room, then run this again", string(in.dir), disk.FreeMiB)
	} else if err == nil && disk.FreeInodes >= 0 && disk.FreeInodes < minInodes {
		add("the disk of %s has no room for further files (%d inodes free): remove files, then run this again", string(in.dir), disk.FreeInodes)
	}
	in.preflightFiles(add)
	if target, err := os.Readlink(in.dir.Env()); err == nil {
		add("%s is a link to %s, and an edit would replace the link: move the file itself here", in.dir.Env(), target)
	}
}

// preflightFiles looks for files that a run would find it cannot replace only
// once OpenAlgo is stopped.
func (in *Installer) preflightFiles(add func(string, ...any)) {
	for _, dir := range []string{string(in.dir), in.dir.Work(""), in.dir.KeptPath("")} {
		if err := host.Unlocked(dir); err != nil {
			add("%v", err)
			return // the same holds for what is in it
		}
	}
	names := []string{instance.EnvName, compose.FileName, instance.AnswersName, instance.WorkName + "/state.json", instance.WorkName + "/journal.json", instance.WorkName + "/lock", instance.WorkName + "/log"}
	for _, name := range append(names, overrideNames...) {
		if err := host.Replaceable(in.dir.Path(name)); err != nil {
			add("%v", err)
		}
	}
}

// mayReplace is preflightFiles for a command that has no plan.
func (in *Installer) mayReplace() error {
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if err := host.DirWritable(string(in.dir)); err != nil {
		add("%v", err)
	}
	in.preflightFiles(add)
	return finding.NotReady(problems, nil)
}

func (in *Installer) preflightEngine(o *observed, p *Plan, add func(string, ...any)) {
	info := in.Engine.Info()
	if info.OS != "" && info.OS != "linux" {
		add("the engine runs %s containers, OpenAlgo needs Linux ones: switch Docker to Linux containers", info.OS)
	}
	if o.image != nil && o.image.Arch != "" && info.Arch != "" && o.image.Arch != info.Arch {
		add("the image %s is for %s and this engine runs %s: name an image for %s", p.stack.Image, o.image.Arch, info.Arch, info.Arch)
	}
	if o.image != nil || p.answers.Image.Source == "rehearsal" || p.built != nil || !info.Local || info.RootDir == "" {
		return
	}
	if disk, err := host.Disk(info.RootDir); err == nil && disk.FreeMiB < minImageMiB {
		add("%s, where Docker keeps images, has %d MiB free and the image needs about %d: make room (docker system df shows what takes it)",
			info.RootDir, disk.FreeMiB, minImageMiB)
	}
}

// preflightPorts checks every published port that the stack does not hold
// itself already. On a remote engine only the start can tell.
func (in *Installer) preflightPorts(ctx context.Context, o *observed, p *Plan, add func(string, ...any)) {
	if !in.Engine.Info().Local {
		return
	}
	for _, want := range p.stack.Ports() {
		if want.HostPort == 0 || want.Protocol == "udp" || heldByStack(o, want) {
			continue
		}
		// The engine first: without its userland proxy nothing listens for a container.
		who := in.containerOnPort(ctx, want.HostPort)
		if who == "" {
			holder, err := host.PortHolder(ctx, want.HostIP, want.HostPort)
			if err != nil {
				add("checking port %d: %v", want.HostPort, err)
				continue
			}
			if holder.Free {
				continue
			}
			who = holder.String()
		}
		in.portTaken = true
		add("port %d is taken by %s: stop it, or choose another port in the answers (ports: {web: N, websocket: N})", want.HostPort, who)
	}
}

func heldByStack(o *observed, want engine.PortBinding) bool {
	return slices.ContainsFunc(o.containers, func(c engine.Container) bool {
		return isUp(c) && slices.ContainsFunc(c.Ports, func(have engine.PortBinding) bool {
			return have.HostPort == want.HostPort
		})
	})
}

// isUp reports whether a container runs, or would again in a moment: it has
// its ports, or is about to.
func isUp(c engine.Container) bool { return c.State == "running" || c.State == "restarting" }

// containerOnPort names the container that publishes a port.
func (in *Installer) containerOnPort(ctx context.Context, port int) string {
	all, err := in.Engine.Containers(ctx)
	if err != nil {
		return ""
	}
	for _, c := range all {
		if isUp(c) && slices.ContainsFunc(c.Ports, func(b engine.PortBinding) bool { return b.HostPort == port }) {
			return "the container " + c.Name
		}
	}
	return ""
}

// nameHolder describes a container that has the stack's container name and is
// not the stack's.
func (in *Installer) nameHolder(ctx context.Context, o *observed, name string) string {
	c, err := in.Engine.Container(ctx, name)
	if err != nil || o.owns(c) {
		return ""
	}
	if project := c.Labels[compose.LabelProject]; project != "" {
		return "of the project " + project
	}
	return "made from " + c.Image
}
