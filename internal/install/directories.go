package install

import (
	"os"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// dataDirs are the directories on this machine that a stack keeps data in.
func dataDirs(o *observed, stack *compose.Stack) (out []string) {
	for _, m := range stack.Spec("").Mounts {
		if path := directoryOf(m); path != "" && o.Engine.Local {
			out = append(out, path)
		}
	}
	return out
}

// planDirectories plans what is mounted in the stead of volumes and is not
// there yet: Docker would make it as root's, and the app could not write it.
func planDirectories(o *observed, p *Plan) {
	for _, m := range p.stack.Spec("").Mounts {
		if path := directoryOf(m); o.Answered.Directories[path].Missing {
			p.add(Change{Kind: KindVolume, Name: path, Action: ActionCreate, Reason: "a directory of the container's user that keeps " + m.Target})
		}
	}
}

// creates reports whether a plan makes a directory that keeps data.
func (p *Plan) creates(path string) bool {
	c := p.change(KindVolume, path)
	return c != nil && c.Action == ActionCreate
}

// guardPlace refuses a plan by which OpenAlgo would look for its data in
// another place than it is in, and start empty.
func guardPlace(o *observed, i Intent, stack *compose.Stack) error {
	for _, m := range stack.Spec("").Mounts {
		if i.Data == ToVolumes || m.Target != openalgo.DB || len(o.Data) == 0 || slices.Contains(o.Data, m.Source) {
			continue
		}
		answer := "bind"
		if directoryOf(m) != "" {
			answer = "named"
		}
		return finding.Errorf(finding.HostNotReady, "the data of this OpenAlgo is in %s, and by these answers it would look in %s and start empty. "+
			"Write `volumes: %s` and run this again", o.Data[0], m.Source, answer)
	}
	return nil
}

// ownDirectories are the directories beside .env that keep this instance's
// data in the stead of volumes.
func (in *Installer) ownDirectories(o *observed) []string {
	asked := strings.Contains(string(o.AnswersText), "\nvolumes: bind\n")
	saved, _ := answers.ParseSaved(o.AnswersText)
	var out []string
	for _, name := range openalgo.Trees {
		path := in.dir.Path(name)
		mounted := slices.ContainsFunc(o.Containers, func(c engine.Container) bool {
			return slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool { return directoryOf(m) == path })
		})
		if info, err := os.Lstat(path); err == nil && info.IsDir() && (asked || mounted || saved.Data[name] == path) && !o.State.Foreign {
			out = append(out, path)
		}
	}
	return out
}
