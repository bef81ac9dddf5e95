package install

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// stopGrace is how long the app may take to end its work (design, The stack).
const stopGrace = 40 * time.Second

// run carries out one plan.
type run struct {
	in      *Installer
	plan    *Plan
	journal *journal
	old     *engine.Container // the container before; nil when there is none
	replace bool              // a container is created (and old, if any, goes)
}

// step is one journaled part of a run. Each can be repeated.
type step struct {
	name, title string
	do          func(context.Context) error
}

func newRun(in *Installer, o *observed, p *Plan, madeDir bool) *run {
	r := &run{in: in, plan: p, old: o.container()}
	name := p.containerName()
	change := p.change(KindContainer, name)
	r.replace = change != nil && change.Action != ActionUpdate
	next := o.state
	next.Began = ""
	if in.seen {
		next.SeenBy = in.Engine.Info().ID
	}
	next.Project, next.ImageRef, next.ImageID = o.project, p.imageRef(), p.imageID
	next.Env = maps.Clone(o.state.Env)
	remember(&next, p.env.settings, p.env.left)
	next.SetupDone = next.SetupDone && len(o.data) > 0 // an empty database is right where there is none
	next.Foreign = p.copied != nil
	if p.fernetSalt != "" {
		next.FernetSalt = p.fernetSalt
	}
	next.Engine = engineOf(in.Engine)
	if p.intent.restores() {
		next.SetupDone = p.intent.Backup.manifest.Setup // an empty database would tell itself so
	}
	if p.ownCompose {
		next.ComposeSHA256 = sha256Hex(p.composeText)
	}
	r.journal = &journal{
		Command: p.command, Started: time.Now().UTC(), MadeDir: madeDir,
		Engine: in.Engine.Info().Name, Project: o.project, Name: name, State: next, dir: in.dir,
	}
	if e := p.edge; e != nil {
		r.journal.State.Edge = e.state
		r.journal.Edge = &edgeChange{State: e.state, GoneFrom: e.goneFrom}
		for _, f := range e.gone {
			r.journal.Edge.Gone = append(r.journal.Edge.Gone, f.Path)
		}
	}
	if !r.replace && r.old != nil && r.old.State != "running" {
		r.journal.OnlyStarted = r.old.ID
	}
	if r.replace {
		r.journal.NewName = name
		if r.old != nil {
			r.journal.NewName += "-new"
			// Where the directory was moved, an undo cannot start the container again.
			again := isUp(*r.old) && o.movedFrom() == ""
			r.journal.Old = &oldContainer{ID: r.old.ID, Name: r.old.Name, Running: again, Began: r.old.StartedAt}
		}
	}
	return r
}

// steps are in the order in which a kill does least: whatever can be done
// while the old container runs comes before its stop. A first .env comes
// before the volumes, so that no data is ever made without its keys on disk.
func (r *run) steps() []step {
	keep := step{"backup", "keep a copy of every file that changes", r.backup}
	files := step{"files", "write the files that change", r.writeFiles}
	resources := step{"resources", "make network and volumes", r.makeResources}
	start := step{"start", "start OpenAlgo", r.startAsOwner}
	verify := step{"verify", "wait until OpenAlgo answers", r.verify}
	var way []step
	if e := r.plan.edge; e != nil && e.act {
		way = []step{{"edge", "serve https://" + e.state.Domain + " (" + e.what() + ")", r.edge}}
	}
	if !r.replace {
		return slices.Concat([]step{keep, files, resources}, way, []step{start, verify})
	}
	create := step{"create", "create the container", r.create}
	data := []step{{"replaced", "keep a copy of the data that is replaced", r.keepReplaced}, {"data", "put the data of then in its place", r.replaceData}}
	if !r.plan.intent.restores() {
		data = nil
	}
	if r.old == nil {
		return slices.Concat([]step{keep, files, resources, create}, way, data, []step{start, verify})
	}
	keepData := data
	if r.plan.intent.adopts() && len(r.unmounted()) > 0 {
		keepData = []step{{"carry", "copy what the former container kept in itself", r.carry}}
	}
	if r.plan.intent.Data == ToVolumes {
		keepData = append(keepData, step{"move", "copy the data into volumes, and compare", r.moveData})
	}
	if r.plan.intent.upgrades() {
		keepData = []step{{"snapshot", "keep a copy of the databases", r.snapshot}}
	}
	return slices.Concat([]step{keep, resources, create}, way, []step{
		{"stop", "stop the former container (up to 40 s)", r.stopOld},
	}, keepData, []step{files, start, verify})
}

// apply does every step, and commits or rolls back.
func (r *run) apply(ctx context.Context) error {
	if err := r.journal.save(); err != nil {
		return finding.Errorf(finding.HostNotReady, "%w", err)
	}
	for _, s := range r.steps() {
		if err := r.step(ctx, s); err != nil {
			return r.in.undo(ctx, r.journal, err)
		}
	}
	r.journal.Verified = true
	if err := r.journal.save(); err != nil {
		return r.in.undo(ctx, r.journal, err)
	}
	failpoint("committing")
	if err := r.in.acrossRestart(context.WithoutCancel(ctx), func(ctx context.Context) error { return r.in.commit(ctx, r.journal) }); err != nil {
		return finding.Errorf(finding.Failed, "OpenAlgo runs and is ready, but tidying up failed: %w. Run the same command again", err)
	}
	return nil
}

// step does one step and journals it. When the engine goes away in the middle
// (it was restarted), the step is done again once it is back.
func (r *run) step(ctx context.Context, s step) error {
	began := r.in.stepStarted(s.name, s.title)
	failpoint("before-" + s.name)
	err := ctx.Err()
	if err == nil {
		err = r.in.acrossRestart(ctx, s.do)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		r.in.stepEnded(s.name, event.Failed, began)
		return err
	}
	failpoint("between-" + s.name)
	r.journal.Done = append(r.journal.Done, s.name)
	if err := r.journal.save(); err != nil {
		return err
	}
	r.in.stepEnded(s.name, event.Done, began)
	failpoint("after-" + s.name)
	return nil
}

func (r *run) makeResources(ctx context.Context) error {
	if r.plan.stack == nil {
		return nil // a copy has all of it already
	}
	for _, n := range r.plan.stack.Networks {
		if r.plan.change(KindNetwork, n.Spec.Name) == nil {
			continue
		}
		if _, err := r.in.Engine.Network(ctx, n.Spec.Name); err == nil {
			continue
		}
		if !slices.Contains(r.journal.Networks, n.Spec.Name) {
			r.journal.Networks = append(r.journal.Networks, n.Spec.Name)
			if err := r.journal.save(); err != nil {
				return err
			}
		}
		if _, err := r.in.Engine.CreateNetwork(context.WithoutCancel(ctx), n.Spec); err != nil {
			return fmt.Errorf("making the network %s: %w", n.Spec.Name, err)
		}
		failpoint("network")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := r.makeDirectories(ctx); err != nil {
		return err
	}
	for _, v := range r.plan.stack.Volumes {
		if c := r.plan.change(KindVolume, v.Spec.Name); c == nil || c.Action != ActionCreate {
			continue
		}
		if err := r.announceVolume(ctx, v.Spec.Name); err != nil {
			return err
		}
		v.Spec.Labels = maps.Clone(v.Spec.Labels)
		v.Spec.Labels[LabelDir] = string(r.in.dir)
		if _, err := r.in.Engine.CreateVolume(context.WithoutCancel(ctx), v.Spec); err != nil {
			return fmt.Errorf("making the volume %s: %w", v.Spec.Name, err)
		}
		failpoint("volume")
	}
	return nil
}

// announceVolume journals a volume before it is made: from then on .env
// belongs to it and must stay, and one that data is moved into goes again with
// an undo.
func (r *run) announceVolume(ctx context.Context, name string) error {
	j := r.journal
	known := j.MadeVolumes && r.plan.intent.Data != ToVolumes || slices.Contains(j.MovedInto, name)
	if known {
		return nil
	}
	if _, err := r.in.Engine.Volume(ctx, name); err == nil {
		return fmt.Errorf("the volume %s was made by somebody else meanwhile; run this again", name)
	}
	j.MadeVolumes = true
	if r.plan.intent.Data == ToVolumes {
		j.MovedInto = append(j.MovedInto, name)
	}
	return j.save()
}

// create makes the new container beside the old one. It takes the place of
// one that a lost connection may have left.
func (r *run) create(ctx context.Context) error {
	if err := r.in.removeNew(ctx, r.journal); err != nil {
		return err
	}
	// Not cancelled in the middle: the engine would make one that nobody knows of.
	id, err := r.createNew(context.WithoutCancel(ctx))
	if err != nil {
		return fmt.Errorf("creating the container: %w", err)
	}
	failpoint("created")
	r.journal.NewID = id
	return r.journal.save()
}

func (r *run) createNew(ctx context.Context) (id string, err error) {
	if c := r.plan.copied; c != nil {
		return r.in.Engine.CreateCopy(ctx, c.of.ID, r.journal.NewName, c.changes)
	}
	spec := r.plan.stack.Spec(r.plan.imageID)
	spec.Name = r.journal.NewName
	if image, err := r.in.Engine.Image(ctx, spec.Image); err != nil || image.ID != r.plan.imageID {
		spec.Image = r.plan.imageID // the tag moved on; this stack did not
	}
	return r.in.Engine.Create(ctx, spec)
}

func (r *run) stopOld(ctx context.Context) error {
	if !isUp(*r.old) {
		return nil
	}
	r.journal.Old.Stopping = true
	if err := r.journal.save(); err != nil {
		return err
	}
	failpoint("stopping")
	// Not cancelled in the middle: the engine would go on with it, and stop a
	// container that was brought back in the meantime.
	if err := r.in.Engine.Stop(context.WithoutCancel(ctx), r.journal.Old.ID, max(stopGrace, r.old.StopGrace)); err != nil {
		return fmt.Errorf("stopping the former container: %w", err)
	}
	return nil
}

// container is the ID of the container that is to run in the end; "" when the
// plan has none.
func (r *run) container() string {
	switch {
	case r.replace:
		return r.journal.NewID
	case r.old != nil:
		return r.old.ID
	}
	return ""
}

func (r *run) start(ctx context.Context) error {
	if r.journal.Snapshot != nil && !r.journal.Starting {
		r.journal.Starting = true
		if err := r.journal.save(); err != nil {
			return err
		}
	}
	err := r.in.Engine.Start(ctx, r.container())
	if errors.Is(err, engine.ErrPortTaken) {
		return fmt.Errorf("starting OpenAlgo: a port was taken in the meantime: %w", err)
	}
	if err != nil {
		return fmt.Errorf("starting OpenAlgo: %w", err)
	}
	return nil
}

func (r *run) verify(ctx context.Context) error {
	check, err := r.in.checkOfID(ctx, r.container())
	if err != nil {
		return err
	}
	check.SetupDone = r.journal.State.SetupDone
	needsSetup, err := r.in.verify(ctx, check)
	if err != nil {
		return err
	}
	r.journal.State.SetupDone = !needsSetup
	if err := r.in.verifySecrets(ctx, r.journal); err != nil {
		return err
	}
	if err := r.in.verifyEdge(ctx, r.journal.State.Edge); err != nil {
		return err
	}
	return r.in.verifyMCP(ctx, r.plan.answers, r.journal.State.Edge, check.Web)
}

// commit is what is left once the new stack is verified: the old container
// goes, the new one gets its name, the state is written, the journal closed.
func (in *Installer) commit(ctx context.Context, j *journal) error {
	if j.Old != nil {
		if err := in.Engine.Remove(ctx, j.Old.ID); err != nil {
			return fmt.Errorf("removing the former container: %w", err)
		}
		failpoint("removed-old")
		err := in.giveName(ctx, j)
		if errors.Is(err, engine.ErrNotFound) {
			in.note("somebody removed the new container since: its files and data are complete, and `openalgo-install start` recreates it")
			err = nil
		}
		if err != nil {
			return err
		}
		failpoint("renamed")
	}
	in.closeEdge(ctx, j)
	if env, err := in.readEnv(ctx); err == nil && env != nil {
		if file, err := envfile.Parse(env); err == nil {
			j.State.RememberKeys(file)
		}
	}
	if err := in.dir.SaveState(j.State); err != nil {
		return err
	}
	failpoint("state")
	_ = os.RemoveAll(in.dir.Work("tmp"))
	removeEmptyAside(in.dir, j)
	if j.Command == commandRollback {
		if err := swapSnapshot(in.dir); err != nil {
			return err
		}
	}
	return j.finish()
}

// giveName gives the new container the name of the stack. It comes after the
// start: no name is worth a moment of downtime.
func (in *Installer) giveName(ctx context.Context, j *journal) error {
	c, err := in.Engine.Container(ctx, j.NewID)
	if err != nil {
		return fmt.Errorf("looking at the new container: %w", err)
	}
	if c.Name == j.Name {
		return nil
	}
	if err := in.Engine.Rename(ctx, c.ID, j.Name); err != nil {
		return fmt.Errorf("giving the new container its name: %w", err)
	}
	return nil
}
