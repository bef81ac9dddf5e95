package ops

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/step/data"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// changes turns one plan into the steps that carry it out.
type changes struct {
	in      *Session
	plan    *plan.Plan
	old     *engine.Container // the container before; nil when there is none
	replace bool              // a container is created (and old, if any, goes)
	state   instance.State    // what state.json becomes
	before  instance.State    // what it says now
	aside   []string          // Compose files that are moved out of Docker Compose's sight
	madeDir bool              // the run made the instance's directory

	env    *step.WriteEnv
	create *step.CreateContainer
	stop   *step.StopContainer // nil: no container is stopped
	verify *step.Verify
}

func newChanges(in *Session, o *observed, p *plan.Plan, madeDir bool) *changes {
	r := &changes{in: in, plan: p, old: o.Container(), madeDir: madeDir, before: o.State, state: in.stateAfter(o, p)}
	name := p.ContainerName()
	change := p.Change(plan.KindContainer, name)
	r.replace = change != nil && change.Action != plan.ActionUpdate
	r.verify = &step.Verify{}
	if r.replace {
		r.create = &step.CreateContainer{Name: name, Final: name, Project: o.Project, Foreign: r.state.Foreign, Create: r.createNew}
		if r.old != nil {
			r.create.Name += "-new"
			// Where the directory was moved, an undo cannot start the container again.
			again := isUp(*r.old) && o.MovedFrom() == ""
			r.stop = &step.StopContainer{ID: r.old.ID, Name: r.old.Name, Running: again, Began: r.old.StartedAt, Up: isUp(*r.old)}
		}
	} else if r.old != nil {
		r.verify.ID = r.old.ID
	}
	return r
}

// stateAfter is what state.json says once a plan is carried out.
func (in *Session) stateAfter(o *observed, p *plan.Plan) instance.State {
	next := o.State
	next.Began = ""
	if in.see().IsSeen() {
		next.SeenBy = in.Engine.Info().ID
	}
	next.Project, next.ImageRef, next.ImageID = o.Project, p.ImageRef(), p.ImageID
	next.Env = maps.Clone(o.State.Env)
	plan.Remember(&next, p.Env.Settings, p.Env.Left)
	next.SetupDone = next.SetupDone && len(o.Data) > 0 // an empty database is right where there is none
	next.Foreign = p.Copied != nil
	if p.FernetSalt != "" {
		next.FernetSalt = p.FernetSalt
	}
	next.Engine = engineOf(in.Engine)
	if p.Intent.Restores() {
		next.SetupDone = p.Intent.Backup.Manifest.Setup // an empty database would tell itself so
	}
	if p.OwnCompose {
		next.ComposeSHA256 = sha256Hex(p.ComposeText)
	}
	if p.Edge != nil {
		next.Edge = p.Edge.State
	}
	return next
}

// steps are in the order in which a kill does least: whatever can be done while
// the old container runs comes before its stop. A first .env comes before the
// volumes, so that no data is ever made without its keys on disk.
func (r *changes) steps() (run.Plan, error) {
	p := run.Plan{Command: r.plan.Command}
	files := run.Part{Name: "files", Title: "write the files that change", Steps: r.files()}
	start := run.Part{Name: "start", Title: "start OpenAlgo", Steps: r.giveOwners()}
	verify := run.Part{Name: "verify", Title: "wait until OpenAlgo answers", Steps: []run.Step{r.verify}}
	r.verify.SetupDone, r.verify.Site, r.verify.More = r.state.SetupDone, run.Site(r.state.Edge), r.verifyMCP
	keep := run.Part{Name: "backup", Title: "keep a copy of every file that changes", Steps: r.keep()}
	resources := run.Part{Name: "resources", Title: "make network and volumes", Steps: r.resources()}
	var way []run.Part
	if e := r.plan.Edge; e != nil && e.Act {
		way = []run.Part{{Name: "edge", Title: "serve https://" + e.State.Domain + " (" + e.What() + ")",
			Steps: []run.Step{&step.ServeSite{Site: run.Site(e.State), Act: r.serve}}}}
	}
	if r.replace {
		start.Steps = append(start.Steps, &step.StartContainer{})
	} else if r.old != nil {
		start.Steps = append(start.Steps, &step.StartContainer{ID: r.old.ID, WasDown: r.old.State != "running"})
	}
	end := []run.Part{start, verify}
	create := run.Part{Name: "create", Title: "create the container", Steps: []run.Step{r.create}}
	switch {
	case !r.replace:
		p.Parts = slices.Concat([]run.Part{keep, files, resources}, way, end)
	case r.old == nil:
		p.Parts = slices.Concat([]run.Part{keep, files, resources, create}, way, r.data(), end)
	default:
		stop := run.Part{Name: "stop", Title: "stop the previous container (up to 40 s)", Steps: []run.Step{r.stop}}
		p.Parts = slices.Concat([]run.Part{keep, resources, create}, way, []run.Part{stop}, r.data(), []run.Part{files}, end)
	}
	var err error
	p.Commit, err = r.commit()
	return p, err
}

// fileNames are the files of the instance that a plan may change.
func (r *changes) fileNames() (out []string) {
	for _, name := range append([]string{instance.EnvName, r.plan.ComposeName, instance.AnswersName}, overrideNames...) {
		if r.plan.Change(plan.KindFile, r.in.dir.Path(name)) != nil {
			out = append(out, name)
		}
	}
	return out
}

func (r *changes) keep() (out []run.Step) {
	for _, name := range r.fileNames() {
		out = append(out, &step.KeepFile{Name: name})
	}
	return out
}

// files are written with .env last: until its container was stopped OpenAlgo may
// have written it.
func (r *changes) files() (out []run.Step) {
	texts := map[string][]byte{r.plan.ComposeName: r.plan.ComposeText, instance.AnswersName: r.plan.AnswersText}
	if r.plan.Intent.Restores() {
		for _, name := range overrideNames {
			texts[name] = r.plan.Intent.Backup.Files[name]
		}
	}
	names := r.fileNames()
	for _, name := range names {
		if name == instance.EnvName {
			continue
		}
		mode := os.FileMode(0o644)
		if name == instance.AnswersName {
			mode = 0o600 // settings of the user's own may be secrets that no name gives away
		}
		out = append(out, &step.WriteFile{Name: name, Text: texts[name], Mode: mode})
	}
	for _, name := range r.aside {
		out = append(out, &step.MoveAside{Name: name})
	}
	if !slices.Contains(names, instance.EnvName) {
		return out
	}
	env := r.plan.Env
	r.env = &step.WriteEnv{Salt: r.state.Salt, Foreign: r.state.Foreign, Image: r.state.ImageID, Project: r.state.Project, Text: env.Text}
	if env.Replaces == nil {
		r.env.Fresh = env.Fresh
	}
	if env.Replaces == nil && !env.Fresh {
		r.env.Edit = env.Edit
	}
	return append(out, r.env)
}

func (r *changes) resources() (out []run.Step) {
	if r.plan.Stack == nil {
		return nil // a copy has all of it already
	}
	for _, n := range r.plan.Stack.Networks {
		if r.plan.Change(plan.KindNetwork, n.Spec.Name) != nil {
			out = append(out, &step.CreateNetwork{Name: n.Spec.Name, Spec: n.Spec})
		}
	}
	for _, m := range r.plan.Stack.Spec("").Mounts {
		if path := directoryOf(m); path != "" && r.plan.Creates(path) {
			mode := os.FileMode(0o755)
			if m.Target == openalgo.Keys {
				mode = 0o700
			}
			out = append(out, &step.MakeDirectory{Path: path, Image: r.state.ImageID, Mode: mode})
		}
	}
	for _, v := range r.plan.Stack.Volumes {
		if c := r.plan.Change(plan.KindVolume, v.Spec.Name); c != nil && c.Action == plan.ActionCreate {
			out = append(out, &step.CreateVolume{Name: v.Spec.Name, Dir: string(r.in.dir), Moved: r.plan.Intent.Data == plan.ToVolumes, Spec: v.Spec})
		}
	}
	return out
}

func (r *changes) createNew(ctx context.Context) (id string, err error) {
	if c := r.plan.Copied; c != nil {
		return r.in.Engine.CreateCopy(ctx, c.Of.ID, r.create.Name, c.Changes)
	}
	spec := r.plan.Stack.Spec(r.plan.ImageID)
	spec.Name = r.create.Name
	if image, err := r.in.Engine.Image(ctx, spec.Image); err != nil || image.ID != r.plan.ImageID {
		spec.Image = r.plan.ImageID // the tag moved on; this stack did not
	}
	return r.in.Engine.Create(ctx, spec)
}

// data is what becomes of the databases.
func (r *changes) data() (out []run.Part) {
	i := r.plan.Intent
	switch {
	case r.old != nil && i.Upgrades():
		return []run.Part{r.snapshot()}
	case r.old != nil && i.Adopts() && len(r.unmounted()) > 0:
		carry := run.Part{Name: "carry", Title: "copy what the previous container kept in itself"}
		for _, target := range r.unmounted() {
			carry.Steps = append(carry.Steps, &data.Carry{Target: target, Give: r.giveCopy})
		}
		out = append(out, carry)
	case i.Restores():
		out = r.replaced()
	}
	if r.old != nil && i.Data == plan.ToVolumes {
		move := run.Part{Name: "move", Title: "copy the data into volumes, and compare"}
		for target, source := range dataDirectories(*r.old) {
			move.Steps = append(move.Steps, &data.Move{From: run.In(r.in.dir, source), Target: target, Give: r.giveCopy})
		}
		out = append(out, move)
	}
	return out
}

// snapshot keeps the databases as they are before an upgrade.
func (r *changes) snapshot() run.Part {
	base := r.in.dir.Work(instance.Snapshot)
	return run.Part{Name: "snapshot", Title: "keep a copy of the databases", Steps: []run.Step{
		&data.Clear{Base: instance.Snapshot}, &data.Keep{Tree: dataTree, Base: instance.Snapshot},
		&step.Action{What: "describe the copy", Func: func(ctx context.Context) error {
			dir, err := r.in.dataDirectory(ctx, *r.old)
			if err != nil {
				return err
			}
			return r.in.describeCopy(ctx, base, *r.old, map[string]string{dataTree: dir})
		}},
	}}
}

// replaced keeps a copy of the data that is here, and puts that of the backup in
// its place.
func (r *changes) replaced() []run.Part {
	base, backup := r.in.dir.Work(instance.Replaced), r.plan.Intent.Backup
	keep := run.Part{Name: "replaced", Title: "keep a copy of the data that is replaced"}
	keep.Steps = append(keep.Steps, &data.Clear{Base: instance.Replaced, Room: func(ctx context.Context) error {
		trees, err := r.dataTrees(ctx)
		if err != nil {
			return err
		}
		return plan.Fits(world.RoomFor(trees, base), backup.Bytes)
	}})
	var names []string
	for _, t := range backup.Manifest.Trees {
		names = append(names, t.Name)
		keep.Steps = append(keep.Steps, &data.Keep{Tree: t.Name, Base: instance.Replaced, OfNew: true})
	}
	keep.Steps = append(keep.Steps, &step.Action{What: "keep the files that belong to it", Func: func(ctx context.Context) error { return r.keepReplacedFiles(ctx, base) }})
	return []run.Part{keep, {Name: "data", Title: "restore the data", Steps: []run.Step{&data.Fill{Trees: names, Fill: backup.Fill}}}}
}

// keepReplacedFiles puts the previous .env beside its data, which is worth nothing
// without.
func (r *changes) keepReplacedFiles(ctx context.Context, base string) error {
	if r.old != nil {
		trees, err := r.dataTrees(ctx)
		if err != nil {
			return err
		}
		return r.in.describeCopy(ctx, base, *r.old, trees)
	}
	if r.env == nil || r.env.Backup == "" { // replaced already
		return nil
	}
	if err := host.CopyFile(r.in.dir.Work(filepath.Join("backups", r.env.Backup)), filepath.Join(base, instance.EnvName)); err != nil {
		return fmt.Errorf("keeping a copy of .env: %w", err)
	}
	return nil
}

// dataTrees is where the new container has each tree of the backup.
func (r *changes) dataTrees(ctx context.Context) (map[string]string, error) {
	c, err := r.in.Engine.Container(ctx, r.create.ID)
	if err != nil {
		return nil, fmt.Errorf("looking at the new container: %w", err)
	}
	out := map[string]string{}
	for _, t := range r.plan.Intent.Backup.Manifest.Trees {
		path, _, err := stacks.DataPath(ctx, r.in.Engine, c, openalgo.Tree(t.Name))
		if err != nil {
			return nil, err
		}
		if path == "" {
			return nil, plan.NotMounted(t.Name)
		}
		out[t.Name] = path
	}
	return out, nil
}

// giveOwners are the directories that OpenAlgo could not write.
func (r *changes) giveOwners() (out []run.Step) {
	byDir := map[string]*step.GiveOwner{}
	for _, c := range r.plan.Owners {
		if byDir[c.Dir] == nil {
			byDir[c.Dir] = &step.GiveOwner{Dir: run.In(r.in.dir, c.Dir), User: plan.UserOfStack(r.plan.Stack.Spec("").User)}
			out = append(out, byDir[c.Dir])
		}
		byDir[c.Dir].Files = append(byDir[c.Dir].Files, step.Owner{Name: c.Name, UID: c.UID, GID: c.GID})
	}
	return out
}

func (r *changes) verifyMCP(ctx context.Context) error {
	id := r.verify.ID
	if r.create != nil {
		id = r.create.ID
	}
	check, err := r.in.checkOfID(ctx, id)
	if err != nil {
		return err
	}
	return r.in.verifyMCP(ctx, r.plan.Answers, r.state.Edge, check.Web)
}

// commit is what is left once the new stack is verified: the old container goes,
// the new one gets its name, the state is written.
func (r *changes) commit() (out []run.Step, err error) {
	if r.stop != nil {
		out = append(out, &step.RemoveContainer{ID: r.stop.ID, Name: r.stop.Name}, &step.RenameContainer{})
	}
	if e := r.plan.Edge; e != nil && len(e.Gone) > 0 {
		site := &step.TakeSite{Site: run.Site(e.GoneFrom)}
		for _, f := range e.Gone {
			site.Files = append(site.Files, run.In(r.in.dir, f.Path))
		}
		out = append(out, site)
	}
	text, err := json.Marshal(r.state)
	if err != nil {
		return nil, fmt.Errorf("writing the state: %w", err)
	}
	out = append(out, &step.WriteState{State: text}, &data.Tidy{})
	if r.plan.Command == plan.CommandRollback {
		out = append(out, &data.Swap{})
	}
	return out, nil
}

// apply carries the plan out, and commits or rolls back.
func (r *changes) apply(ctx context.Context) error {
	p, err := r.steps()
	if err != nil {
		return err
	}
	t := r.in.tools()
	return r.in.afterRun(ctx, t, run.Run(ctx, t, p), r.madeDir)
}

// hasAccount reports whether somebody made an account, once it is verified.
func (r *changes) hasAccount() bool { return r.verify.NeedsSetup == nil || !*r.verify.NeedsSetup }

func sha256Hex(data []byte) string { return step.Sum(data) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
