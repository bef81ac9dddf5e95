package ops

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/leftovers"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step"
)

// Removal is what an uninstall takes away, and what it leaves.
type Removal struct {
	Changes []plan.Change `json:"changes"`
	Kept    []string      `json:"kept"`
	Project string        `json:"project"`
	Asks    []plan.Ask    `json:"asks,omitempty"`
	// Warnings are what whoever deletes the data has to know.
	Warnings []string `json:"warnings,omitempty"`

	containers  []engine.Container // more than one where a killed run left some
	networks    []string
	volumes     []string
	directories []string // what is mounted in place of volumes
	leftovers   []string // of other installers
	startable   bool     // `start` recreates the container
	RemovalOptions
	edge instance.Edge // and what of it goes
	site []string
}

// RemovalOptions say what goes beside the container.
type RemovalOptions struct {
	Purge     bool `json:"-"` // volumes and .env
	Leftovers bool `json:"-"` // what another installer left on the host
}

// PlanUninstall works out what an uninstall takes away.
func (in *Session) PlanUninstall(ctx context.Context, options RemovalOptions) (*Removal, error) {
	o, err := in.observe(ctx)
	if err != nil {
		return nil, err
	}
	in.knowEnv(o)
	if err := guard.Engine(o); err != nil {
		return nil, err
	}
	if err := guard.Project(o); err != nil {
		return nil, err
	}
	// A container may be the last that has the right keys. What a killed run left
	// is looked at again once it is undone.
	j, _ := readJournal(in.dir)
	keysErr := guard.Keys(o)
	if keysErr != nil && !options.Purge && len(o.Containers) > 0 && j == nil {
		return nil, keysErr
	}
	if c := guard.ForeignHere(o); c != nil {
		refused := finding.Named(finding.HostNotReady, "foreign-stack", "%s was made by another tool, and the keys here open its data", c.Name)
		if !o.State.IsOurs() {
			refused.With(finding.Run("Take it over first", "adopt"))
		}
		return nil, refused.With(finding.Shell("Remove this container. Its data stays", "docker rm -f "+c.Name)).Ending("Nothing was removed.")
	}
	r := &Removal{Changes: []plan.Change{}, Kept: []string{}, Project: o.Project, containers: o.Containers, RemovalOptions: options}
	if options.Purge && finding.IDOf(keysErr) == "keys" {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%s. The data in %s may be another OpenAlgo's, or its keys may be in a backup or in the container that runs: --purge deletes it for good",
			finding.What(keysErr), strings.Join(o.Data, ", ")))
	}
	r.startable = o.State.IsOurs() && o.Env != nil && o.AnswersText != nil
	for _, c := range r.containers {
		r.Changes = append(r.Changes, plan.Change{Kind: plan.KindContainer, Name: c.Name, Action: plan.ActionRemove, Reason: "runs OpenAlgo"})
	}
	if slices.ContainsFunc(r.containers, isUp) {
		r.Asks = plan.AskWhileOpen(o, plan.DownRemoved)
	}
	if err := in.removableNetworks(ctx, r); err != nil {
		return nil, err
	}
	in.removableVolumes(o, r)
	in.removableDirectories(o, r)
	if d := later.LoadDaily(in.dir); d != nil {
		for _, file := range d.Files {
			r.Changes = append(r.Changes, plan.Change{Kind: plan.KindFile, Name: file, Action: plan.ActionRemove, Reason: "the daily backup; backups that are there stay"})
		}
	}
	in.planLeftovers(o, r)
	in.removableFiles(o, r)
	if err := in.removableSite(ctx, o, r); err != nil {
		return nil, err
	}
	return r, in.guardPurge(o, r)
}

// planLeftovers lists what other installers left, and takes it along when that
// is asked for.
func (in *Session) planLeftovers(o *observed, r *Removal) {
	daily := later.LoadDaily(in.dir)
	web := 0
	if c := o.Container(); c != nil {
		_, web = c.Published(openalgo.WebPort)
	}
	for _, l := range leftovers.Of(string(in.dir), o.Env, web).Find("/") {
		switch {
		case daily != nil && strings.Contains(strings.Join(daily.Files, "\n"), l.Path):
		case l.Stays != "":
			r.Kept = append(r.Kept, fmt.Sprintf("%s (%s; %s)", l.Path, l.What, l.Stays))
		case !r.Leftovers:
			r.Kept = append(r.Kept, fmt.Sprintf("%s (%s; --leftovers removes it)", l.Path, l.What))
		default:
			r.leftovers = append(r.leftovers, l.Path)
			r.Changes = append(r.Changes, plan.Change{Kind: plan.KindFile, Name: l.Path, Action: plan.ActionRemove, Reason: l.What})
		}
	}
}

// removableSite is what serves the instance over HTTPS. Certificates that were
// asked for stay where they are: authorities give only so many.
func (in *Session) removableSite(ctx context.Context, o *observed, r *Removal) error {
	r.edge = o.State.Edge
	if r.edge.Kind == "" {
		return nil
	}
	f, err := in.openFront(ctx, r.edge)
	if err != nil {
		r.Kept = append(r.Kept, fmt.Sprintf("the site of %s (%v)", r.edge.Domain, err))
		return nil
	}
	gone, err := f.Gone(r.edge.Domain, o.Project, string(in.dir))
	if err != nil {
		return err
	}
	for _, c := range gone.Changes {
		r.Changes = append(r.Changes, plan.Change{Kind: c.Kind, Name: c.Name, Action: c.Action, Reason: c.Reason})
	}
	for _, file := range gone.Files {
		r.site = append(r.site, file.Path)
	}
	return nil
}

// guardPurge refuses to delete volumes for a directory that does not hold
// their instance, and keys whose data would stay.
func (in *Session) guardPurge(o *observed, r *Removal) error {
	if !r.Purge {
		return nil
	}
	if len(r.volumes) > 0 && o.Env == nil && o.State.Project != r.Project {
		return finding.Named(finding.HostNotReady, "owner", "%s holds no OpenAlgo, and the volumes of the project %s belong to another directory: "+
			"name it with --dir. Nothing was removed", string(in.dir), r.Project)
	}
	for _, place := range o.Data {
		if !slices.Contains(r.volumes, place) && !slices.Contains(r.directories, place) {
			return finding.Named(finding.HostNotReady, "data-elsewhere", "the database is in %s, which is not this stack's own and stays; its keys must stay with it. "+
				"Nothing was removed: uninstall without --purge, or move that data away first", place)
		}
	}
	return nil
}

func (in *Session) removableNetworks(ctx context.Context, r *Removal) error {
	networks, err := in.Engine.Networks(ctx, compose.LabelProject+"="+r.Project)
	if err != nil {
		return fmt.Errorf("looking at the networks: %w", err)
	}
	for _, n := range networks {
		r.networks = append(r.networks, n.Name)
		r.Changes = append(r.Changes, plan.Change{Kind: plan.KindNetwork, Name: n.Name, Action: plan.ActionRemove, Reason: "the stack's own network"})
	}
	return nil
}

// removableVolumes are those that carry the project's label: what a user
// mounted from elsewhere is not ours to delete.
func (in *Session) removableVolumes(o *observed, r *Removal) {
	for name, v := range o.Volumes {
		if v.Labels[compose.LabelProject] == r.Project {
			r.volumes = append(r.volumes, name)
		}
	}
	slices.Sort(r.volumes)
	for _, name := range r.volumes {
		if r.Purge {
			r.Changes = append(r.Changes, plan.Change{Kind: plan.KindVolume, Name: name, Action: plan.ActionRemove, Reason: "--purge: its data is gone for good"})
		} else {
			r.Kept = append(r.Kept, "volume "+name)
		}
	}
}

func (in *Session) removableDirectories(o *observed, r *Removal) {
	r.directories = in.ownDirectories(o)
	for _, path := range r.directories {
		if r.Purge {
			r.Changes = append(r.Changes, plan.Change{Kind: plan.KindVolume, Name: path, Action: plan.ActionRemove, Reason: "--purge: this directory and the data in it are gone for good"})
		} else {
			r.Kept = append(r.Kept, path)
		}
	}
}

func (in *Session) removableFiles(o *observed, r *Removal) {
	for name, text := range map[string][]byte{instance.EnvName: o.EnvText, compose.FileName: o.ComposeText, instance.AnswersName: o.AnswersText} {
		if text == nil {
			continue
		}
		path := in.dir.Path(name)
		if r.Purge {
			r.Changes = append(r.Changes, plan.Change{Kind: plan.KindFile, Name: path, Action: plan.ActionRemove, Reason: "--purge"})
		} else {
			r.Kept = append(r.Kept, path)
		}
	}
	if _, err := os.Stat(in.dir.Work("")); err == nil && r.Purge {
		r.Changes = append(r.Changes, plan.Change{Kind: plan.KindFile, Name: in.dir.Work(""), Action: plan.ActionRemove, Reason: "--purge: copies of previous files and data, and the log"})
	}
	if archives := backup.Archives(in.dir); hasFiles(archives) {
		r.Kept = append(r.Kept, archives+" (backups, with their keys)")
	}
	slices.SortFunc(r.Changes, func(a, b plan.Change) int { return strings.Compare(a.Kind+a.Name, b.Kind+b.Name) })
	slices.Sort(r.Kept)
}

func (r *Removal) wayBack(dir string) string {
	if r.startable {
		return "OpenAlgo is uninstalled. To bring it back: " + finding.Command(dir, "start")
	}
	return "OpenAlgo is uninstalled; an install with answers, in the same directory, goes on with its keys and data"
}

func hasFiles(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) > 0
}

// Uninstall carries a removal out: the container first, the keys last, so
// that a run which is ended in the middle leaves no data without its keys. It
// has no journal: each part may be gone already, so that the same command again
// removes the rest, and until then another one finds less, but nothing broken.
func (in *Session) Uninstall(ctx context.Context, r *Removal) (event.Result, error) {
	if len(r.Changes) == 0 {
		return event.Result{Message: "nothing to do: there is no OpenAlgo in " + string(in.dir)}, nil
	}
	if _, err := os.Stat(string(in.dir)); err == nil {
		if _, err := in.dir.Create(); err != nil {
			return event.Result{}, finding.Named(finding.HostNotReady, "directory-unwritable", "%w", err)
		}
		held, err := in.dir.Lock(ctx, in.note)
		if err != nil {
			return event.Result{}, err
		}
		defer held.Release()
		in.tidy(ctx)
		if err := in.bringDataBack(ctx, r.Purge); err != nil {
			return event.Result{}, err
		}
		// Another run may have changed things while we waited for the lock.
		if r, err = in.PlanUninstall(ctx, r.RemovalOptions); err != nil {
			return event.Result{}, err
		}
		if err := guard.MayReplace(in.see().OnHost()); r.Purge && err != nil {
			return event.Result{}, err
		}
		for _, warning := range r.Warnings {
			in.warn(warning)
		}
	}
	if len(r.site) > 0 {
		if err := in.takeSite(ctx, r.edge, r.site); err != nil {
			return event.Result{}, finding.Named(finding.Failed, "proxy-unusable", "taking the site of %s away: %w", r.edge.Domain, err)
		}
	}
	for i := range r.containers {
		if err := in.stopToRemove(ctx, r.containers[i]); err != nil {
			return event.Result{}, err
		}
		if err := in.Engine.Remove(ctx, r.containers[i].ID); err != nil {
			return event.Result{}, fmt.Errorf("removing the container: %w", err)
		}
		run.Failpoint("uninstall-container")
	}
	if err := leftovers.Remove(ctx, r.leftovers, in.dir.KeptPath("leftovers"), in.note); err != nil {
		return event.Result{}, finding.Named(finding.Failed, "not-removed", "%w", err)
	}
	// An unfinished run has nothing left to go on with.
	if err := instance.Own(in.dir).Remove(instance.JournalName); err != nil {
		return event.Result{}, fmt.Errorf("closing the journal: %w", err)
	}
	if _, err := in.RemoveDailyBackup(ctx); err != nil {
		return event.Result{}, err
	}
	for _, name := range r.networks {
		if err := in.Engine.RemoveNetwork(ctx, name); err != nil {
			in.note(fmt.Sprintf("the network %s stays: %v", name, err))
		}
	}
	if !r.Purge {
		return event.Result{Changed: true, Message: r.wayBack(string(in.dir)) + ". Kept: " + strings.Join(r.Kept, ", ")}, nil
	}
	return in.purge(ctx, r)
}

// purge deletes what an uninstall without it keeps, the keys last.
func (in *Session) purge(ctx context.Context, r *Removal) (event.Result, error) {
	for _, name := range r.volumes {
		if err := in.Engine.RemoveVolume(ctx, name); err != nil {
			return event.Result{}, finding.Named(finding.Failed, "not-removed", "removing the volume %s: %w", name, err)
		}
		run.Failpoint("uninstall-volume")
	}
	for _, path := range r.directories {
		if err := os.RemoveAll(path); err != nil {
			return event.Result{}, finding.Named(finding.Failed, "not-removed", "removing %s: %w", path, err)
		}
	}
	for _, c := range r.containers {
		if strings.HasPrefix(c.Image, rehearsal.Repository) {
			image.RemoveTest(ctx, in.Engine, c.Image)
		}
	}
	message := "OpenAlgo and all its data are removed"
	if len(r.Kept) > 0 {
		message += ". Kept: " + strings.Join(r.Kept, ", ")
	}
	if err := in.purgeFiles(); err != nil {
		return event.Result{Changed: true, Message: message}, err
	}
	in.dropImageTags(ctx, r.Project) // no rollback is possible any more
	return event.Result{Changed: true, Message: message}, nil
}

// bringDataBack undoes a killed run that has begun to replace data: what an
// uninstall promises to keep is the whole of it.
func (in *Session) bringDataBack(ctx context.Context, purge bool) error {
	j, err := readJournal(in.dir)
	if err != nil || j == nil || purge || !step.HoldsData(j) {
		return err
	}
	return in.recover(ctx, true)
}

func (in *Session) purgeFiles() error {
	for _, name := range []string{compose.FileName, instance.AnswersName, instance.EnvName} {
		if err := os.Remove(in.dir.Path(name)); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("removing %s: %w", name, err)
		}
		run.Failpoint("uninstall-file")
	}
	if err := instance.Own(in.dir).RemoveTree(""); err != nil {
		return fmt.Errorf("removing %s: %w", in.dir.Work(""), err)
	}
	_ = os.Remove(string(in.dir)) // not empty: the rest is the user's
	return nil
}

// stopToRemove stops a container in order. It needs no journal: the same command
// again goes on.
func (in *Session) stopToRemove(ctx context.Context, c engine.Container) error {
	t := in.tools()
	ended := t.Begin("stop", "stop "+c.Name)
	err := t.AcrossRestart(context.WithoutCancel(ctx), func(ctx context.Context) error {
		return in.Engine.Stop(ctx, c.ID, max(openalgo.StopGrace, c.StopGrace))
	})
	ended(err)
	if err != nil {
		return fmt.Errorf("stopping %s: %w", c.Name, err)
	}
	return nil
}
