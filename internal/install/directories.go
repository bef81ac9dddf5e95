package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// directoryOf is the directory on this host that a mount keeps data in; "" for
// any other mount.
func directoryOf(m engine.Mount) string {
	if _, ok := openalgo.TreeOf(m.Target); ok && m.Type == "bind" {
		return m.Source
	}
	return ""
}

// dataDirs are the directories on this machine that a stack keeps data in.
func (o *observed) dataDirs(stack *compose.Stack) (out []string) {
	for _, m := range stack.Spec("").Mounts {
		if path := directoryOf(m); path != "" && o.engine.Local {
			out = append(out, path)
		}
	}
	return out
}

// planDirectories plans what is mounted in the stead of volumes and is not
// there yet: Docker would make it as root's, and the app could not write it.
func planDirectories(o *observed, p *Plan) {
	for _, m := range p.stack.Spec("").Mounts {
		if path := directoryOf(m); o.answered.directories[path].missing {
			p.add(Change{Kind: KindVolume, Name: path, Action: ActionCreate, Reason: "a directory of the container's user that keeps " + m.Target})
		}
	}
}

// creates reports whether a plan makes a directory that keeps data.
func (p *Plan) creates(path string) bool {
	c := p.change(KindVolume, path)
	return c != nil && c.Action == ActionCreate
}

// makeDirectories makes the directories of the plan, with the modes that the
// image's own have.
func (r *run) makeDirectories(ctx context.Context) error {
	for _, m := range r.plan.stack.Spec("").Mounts {
		path := directoryOf(m)
		if path == "" || !r.plan.creates(path) {
			continue
		}
		// On disk first: from here on .env belongs to this directory and must stay.
		r.journal.MadeVolumes = true
		if err := r.journal.save(); err != nil {
			return err
		}
		if err := r.in.makeDirectory(ctx, path, m.Target, r.journal.State.ImageID); err != nil {
			return err
		}
		failpoint("volume")
	}
	return nil
}

func (in *Installer) makeDirectory(ctx context.Context, path, target, image string) error {
	mode := os.FileMode(0o755)
	if target == openalgo.Keys {
		mode = 0o700
	}
	if err := os.MkdirAll(path, mode); err != nil {
		return fmt.Errorf("making %s: %w", path, err)
	}
	info := in.Engine.Info()
	if !info.Rootless && !info.UserNS {
		err := os.Chown(path, openalgo.User, openalgo.User)
		if err == nil || os.Geteuid() == openalgo.User {
			return nil
		}
		if !errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("giving %s to the container's user (%d): %w", path, openalgo.User, err)
		}
	}
	if err := in.chownInContainer(ctx, path, image); err != nil {
		return fmt.Errorf("giving %s to the container's user (%d) failed; run this with sudo: %w", path, openalgo.User, err)
	}
	return nil
}

// guardPlace refuses a plan by which OpenAlgo would look for its data in
// another place than it is in, and start empty.
func guardPlace(o *observed, i Intent, stack *compose.Stack) error {
	for _, m := range stack.Spec("").Mounts {
		if i.Data == ToVolumes || m.Target != openalgo.DB || len(o.data) == 0 || slices.Contains(o.data, m.Source) {
			continue
		}
		answer := "bind"
		if directoryOf(m) != "" {
			answer = "named"
		}
		return finding.Errorf(finding.HostNotReady, "the data of this OpenAlgo is in %s, and by these answers it would look in %s and start empty. "+
			"Write `volumes: %s` and run this again", o.data[0], m.Source, answer)
	}
	return nil
}

// ownDirectories are the directories beside .env that keep this instance's
// data in the stead of volumes.
func (in *Installer) ownDirectories(o *observed) []string {
	asked := strings.Contains(string(o.answersText), "\nvolumes: bind\n")
	saved, _ := answers.ParseSaved(o.answersText)
	var out []string
	for _, name := range openalgo.Trees {
		path := in.dir.Path(name)
		mounted := slices.ContainsFunc(o.containers, func(c engine.Container) bool {
			return slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool { return directoryOf(m) == path })
		})
		if info, err := os.Lstat(path); err == nil && info.IsDir() && (asked || mounted || saved.Data[name] == path) && !o.state.Foreign {
			out = append(out, path)
		}
	}
	return out
}
