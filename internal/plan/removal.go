package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	image "github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/order"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// planRemoval plans an uninstall: a commit from its beginning, which is only ever
// completed.
func planRemoval(o *world.Observation, i Intent) (*Plan, error) {
	p := begun(o, i)
	p.Removal = &Removal{Kept: []string{}}
	warning, err := guard.Removal(o, i.Purge)
	if err != nil {
		return nil, err
	}
	if warning != nil {
		p.Warn(warning)
	}
	p.Removal.Startable = o.State.IsOurs() && o.Env != nil && o.AnswersText != nil
	for _, c := range o.Containers {
		p.Add(Change{Kind: KindContainer, Name: c.Name, Action: ActionRemove, Reason: "runs OpenAlgo"})
	}
	if slices.ContainsFunc(o.Containers, stacks.IsUp) {
		p.Asks = askWhileOpen(o, DownRemoved)
	}
	for _, name := range o.Removable.Networks {
		p.Add(Change{Kind: KindNetwork, Name: name, Action: ActionRemove, Reason: "network of this instance"})
	}
	removeData(o, p)
	endDaily(o, p)
	removeLeftovers(o, p)
	removeFiles(o, p)
	order.By(p.Changes, func(a, b Change) int { return strings.Compare(a.Kind+a.Name, b.Kind+b.Name) })
	slices.Sort(p.Removal.Kept)
	if err := removeSite(o, p); err != nil {
		return nil, err
	}
	if i.Purge {
		if err := guard.Purge(o, p.Removal.volumes); err != nil {
			return nil, err
		}
	}
	p.Commit = removalSteps(o, p)
	return p, nil
}

// removeData lists volumes that carry the project's label, and directories in their
// place: what a user mounted from elsewhere is not this program's to delete.
func removeData(o *world.Observation, p *Plan) {
	for name, v := range o.Volumes {
		if v.Labels[compose.LabelProject] == p.Project {
			p.Removal.volumes = append(p.Removal.volumes, name)
		}
	}
	slices.Sort(p.Removal.volumes)
	for _, name := range p.Removal.volumes {
		purgeOr(p, "volume "+name, Change{Kind: KindVolume, Name: name, Reason: "--purge deletes its data for good"})
	}
	for _, name := range o.Removable.Directories {
		path := o.Dir.Path(name)
		purgeOr(p, path, Change{Kind: KindVolume, Name: path, Reason: "--purge deletes this directory and its data for good"})
	}
}

// purgeOr removes something with --purge, and keeps it without.
func purgeOr(p *Plan, kept string, c Change) {
	if !p.Intent.Purge {
		p.Removal.Kept = append(p.Removal.Kept, kept)
		return
	}
	c.Action = ActionRemove
	p.Add(c)
}

// removeLeftovers takes what other installers left along when that is asked for.
func removeLeftovers(o *world.Observation, p *Plan) {
	for _, l := range o.Removable.Leftovers {
		switch {
		case strings.Contains(strings.Join(o.Removable.Daily, "\n"), l.Path):
		case l.Stays != "":
			p.Removal.Kept = append(p.Removal.Kept, fmt.Sprintf("%s (%s; %s)", l.Path, l.What, l.Stays))
		case !p.Intent.Leftovers:
			p.Removal.Kept = append(p.Removal.Kept, fmt.Sprintf("%s (%s; --leftovers removes it)", l.Path, l.What))
		default:
			p.Add(Change{Kind: KindFile, Name: l.Path, Action: ActionRemove, Reason: l.What})
		}
	}
}

func removeFiles(o *world.Observation, p *Plan) {
	for name, text := range map[string][]byte{instance.EnvName: o.EnvText, compose.FileName: o.ComposeText, instance.AnswersName: o.AnswersText} {
		if text != nil {
			path := o.Dir.Path(name)
			purgeOr(p, path, Change{Kind: KindFile, Name: path, Reason: "--purge"})
		}
	}
	if o.Removable.Work && p.Intent.Purge {
		p.Add(Change{Kind: KindFile, Name: o.Dir.Work(""), Action: ActionRemove, Reason: "--purge deletes copies of previous files and data, and the log"})
	}
	if path := o.Removable.Draft; path != "" {
		purgeOr(p, path, Change{Kind: KindFile, Name: path, Reason: "--purge: answers that were given and not used"})
	}
	if o.Removable.Archives != "" {
		p.Removal.Kept = append(p.Removal.Kept, o.Removable.Archives+" (backups, with their keys)")
	}
}

// removeSite lists what serves the instance over HTTPS. Certificates that were
// asked for stay where they are: authorities give only so many.
func removeSite(o *world.Observation, p *Plan) error {
	site := o.Removable.Site
	if site.OpenErr != nil {
		p.Removal.Kept = append(p.Removal.Kept, fmt.Sprintf("the site of %s (%v)", o.State.Edge.Domain, site.OpenErr))
		return nil
	}
	if site.Err != nil || site.Plan == nil {
		return site.Err
	}
	for _, c := range site.Plan.Changes {
		p.Add(Change{Kind: c.Kind, Name: c.Name, Action: c.Action, Reason: c.Reason})
	}
	return nil
}

// removalSteps are in an order in which a kill leaves no data without its keys: the
// data goes before .env. What this program keeps goes last, and the journal is
// closed after it.
func removalSteps(o *world.Observation, p *Plan) (out []run.Step) {
	if site := o.Removable.Site.Plan; site != nil && len(site.Files) > 0 {
		take := &step.TakeSite{Site: o.State.Edge, Strict: true}
		for _, f := range site.Files {
			take.Files = append(take.Files, run.In(o.Dir, f.Path))
		}
		out = append(out, take)
	}
	images := &step.DropImages{Project: o.Project}
	for _, c := range o.Containers {
		out = append(out, &step.RemoveContainer{ID: c.ID, Name: c.Name, InOrder: true, Began: c.StartedAt})
		if image.IsTest(c.Image) {
			images.Tests = append(images.Tests, c.Image)
		}
	}
	left := run.Leftovers{Domain: o.Removable.Domain, Web: o.Removable.Web}
	for _, l := range o.Removable.Leftovers {
		if p.Change(KindFile, l.Path) != nil && !slices.Contains(o.Removable.Daily, l.Path) {
			left.Paths = append(left.Paths, l.Path)
		}
	}
	if len(left.Paths) > 0 {
		out = append(out, &step.RemoveLeftovers{Leftovers: left})
	}
	if len(o.Removable.Daily) > 0 {
		out = append(out, &step.EndDaily{})
	}
	for _, name := range o.Removable.Networks {
		out = append(out, &step.RemoveNetwork{Name: name})
	}
	if !p.Intent.Purge {
		return out
	}
	for _, name := range p.Removal.volumes {
		out = append(out, &step.RemoveVolume{Name: name})
	}
	for _, name := range o.Removable.Directories {
		out = append(out, &step.RemoveDirectory{Name: name})
	}
	for _, name := range []string{compose.FileName, instance.AnswersName, instance.EnvName} {
		out = append(out, &step.RemoveFile{Name: name})
	}
	return append(out, images, &step.RemoveWork{})
}

func goneMessage(p *Plan) string {
	again := "" // the command that undoes it, at the end, where it is pasted
	said := "OpenAlgo is uninstalled. An install with an answers file in the same directory uses its keys and data again"
	switch {
	case p.Intent.Purge:
		said = "OpenAlgo and all its data are removed"
	case p.Removal.Startable:
		said, again = "OpenAlgo is uninstalled", ". To install it again: "+finding.Command(p.dir, "start")
	}
	if len(p.Removal.Kept) > 0 || !p.Intent.Purge {
		said += ". Kept: " + strings.Join(p.Removal.Kept, ", ")
	}
	return said + again
}
