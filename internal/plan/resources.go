package plan

import (
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// ownerToBe is the user that directories must belong to, or be writable for; 0
// where they stay as they are: those of an instance that this program made are
// OpenAlgo's.
func ownerToBe(o *world.Observation, p *Plan) int {
	uid, known := stacks.OwnerHere(o.Engine, p.Stack.Spec("").User)
	if !known || !p.Intent.Adopts() && o.State.IsOurs() {
		return 0
	}
	return uid
}

// addOwners plans to give OpenAlgo the directories that it could not write:
// docker-run.sh makes them as root, and OpenAlgo does not start then.
func addOwners(o *world.Observation, p *Plan) error {
	var dirs []string
	uid, _ := stacks.OwnerHere(o.Engine, p.Stack.Spec("").User)
	for _, dir := range dataDirs(o, p.Stack) {
		found := o.Answered.Directories[dir]
		if found.Err != nil {
			return found.Err
		}
		if len(found.Owners) > 0 {
			p.Owners = append(p.Owners, found.Owners...)
			dirs = append(dirs, dir)
			p.Add(Change{Kind: KindVolume, Name: dir, Action: ActionUpdate, Reason: fmt.Sprintf("its files and directories (%d) get the owner %d, because OpenAlgo runs as that user", len(found.Owners), uid)})
		}
	}
	if len(dirs) == 0 {
		return nil
	}
	if !o.Host.Root {
		return finding.Named(finding.HostNotReady, "owner-wrong", "OpenAlgo cannot write %s\n\nIts container runs as user %d, and another user owns this data.", strings.Join(dirs, ", "), uid).
			With(finding.Shell("Change the owner", fmt.Sprintf("sudo chown -R %d:%[1]d %s", uid, strings.Join(dirs, " ")))).Ending(finding.Unchanged)
	}
	p.Asks = append(p.Asks, Ask{AskOwners, fmt.Sprintf("OpenAlgo (user %d) cannot write these directories, because another user owns them: %s. OpenAlgo becomes their owner", uid, strings.Join(dirs, ", "))})
	return nil
}

// dataDirs are the directories on this machine that a stack keeps data in.
func dataDirs(o *world.Observation, stack *compose.Stack) (out []string) {
	for _, m := range stack.Spec("").Mounts {
		if path := world.DirectoryOf(m); path != "" && o.Engine.Local {
			out = append(out, path)
		}
	}
	return out
}

func planResources(o *world.Observation, p *Plan) {
	for _, n := range p.Stack.Networks {
		if !o.Networks[n.Spec.Name] && !n.External {
			p.Add(Change{Kind: KindNetwork, Name: n.Spec.Name, Action: ActionCreate, Reason: "network of this instance"})
		}
	}
	for _, v := range p.Stack.Volumes {
		if _, ok := o.Volumes[v.Spec.Name]; ok || v.External {
			continue
		}
		if o.State.Project != "" && v.Target == openalgo.DB && o.PresentEnv == nil { // else a restore fills it
			p.Warn(finding.Warn("data-missing", "The data volume %s is missing. A new, empty one will be created: your accounts and settings will be gone", v.Spec.Name).
				With(finding.Hint{Do: "To keep them, stop now and restore a backup", Dir: string(o.Dir), Args: []string{"restore", "FILE"}}))
		}
		p.Add(Change{Kind: KindVolume, Name: v.Spec.Name, Action: ActionCreate, Reason: "keeps " + v.Target})
	}
}

// addDirectories plans what is mounted in place of volumes and is not
// there yet: Docker would make it as root's, and OpenAlgo could not write it.
func addDirectories(o *world.Observation, p *Plan) {
	for _, m := range p.Stack.Spec("").Mounts {
		if path := world.DirectoryOf(m); o.Answered.Directories[path].Missing {
			p.Add(Change{Kind: KindVolume, Name: path, Action: ActionCreate, Reason: "owned by the container's user; keeps " + m.Target})
		}
	}
}
