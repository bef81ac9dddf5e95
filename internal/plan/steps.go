package plan

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/step/compile"
	"github.com/marketcalls/openalgo-install/internal/step/data"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// addSteps lists what carries a plan out.
func addSteps(o *world.Observation, p *Plan) error {
	if p.Empty() {
		return nil
	}
	l := &listing{Plan: p, o: o, old: o.Container(), state: stateAfter(o, p)}
	c := p.Change(KindContainer, p.ContainerName())
	l.replaces = c != nil && c.Action != ActionUpdate
	p.Steps = append(swapPart(p), l.parts()...)
	var err error
	p.Commit, err = l.commit()
	return err
}

// stateAfter is what state.json says once a plan is carried out.
func stateAfter(o *world.Observation, p *Plan) instance.State {
	next := o.State
	next.Began, next.EnvImage = "", ""
	if o.Answered.Seen {
		next.SeenBy = o.Engine.ID
	}
	next.Project, next.ImageRef, next.ImageID = o.Project, p.ImageRef(), p.ImageID
	next.Env = maps.Clone(o.State.Env)
	settings.Remember(&next, o.NewSalt, p.Env.Settings, p.Env.Left)
	next.SetupDone = accountAfter(o, p)
	next.Foreign = p.Copied != nil
	if p.FernetSalt != "" {
		next.FernetSalt = p.FernetSalt
	}
	next.Engine = world.RefOf(o.Engine)
	if p.OwnCompose {
		next.ComposeSHA256 = settings.Sum(p.ComposeText)
	}
	if p.Edge != nil {
		next.Edge = p.Edge.State
	}
	return next
}

// parts are in the order in which a kill does least: whatever can be done while
// the old container runs comes before its stop. A first .env comes before the
// volumes, so that no data is ever made without its keys on disk.
func (l *listing) parts() []run.Part {
	keep := run.Part{Name: "backup", Title: "keep a copy of every file that changes", Steps: l.keep()}
	files := run.Part{Name: "files", Title: "write the files that change", Steps: l.files()}
	resources := run.Part{Name: "resources", Title: "create network and volumes", Steps: l.resources()}
	create := run.Part{Name: "create", Title: "create the container", Steps: []run.Step{l.create()}}
	end := []run.Part{
		{Name: "start", Title: "start OpenAlgo", Steps: l.start()},
		{Name: "verify", Title: "wait until OpenAlgo answers", Steps: []run.Step{l.verify()}},
	}
	switch {
	case !l.replaces:
		return slices.Concat([]run.Part{keep, files, resources}, l.site(), end)
	case l.old == nil:
		return slices.Concat([]run.Part{keep, files, resources, create}, l.site(), l.data(), end)
	}
	up := stacks.IsUp(*l.old)
	stop := run.Part{Name: "stop", Title: "stop the previous container (up to 40 s)", Steps: []run.Step{&step.StopContainer{
		// Where the directory was moved, an undo cannot start the container again.
		ID: l.old.ID, Name: l.old.Name, Running: up && l.o.MovedFrom() == "", Began: l.old.StartedAt, Up: up,
	}}}
	compiled := run.Part{}
	if up {
		compiled.Steps = []run.Step{&compile.First{}}
	}
	return slices.Concat([]run.Part{keep, resources, create}, l.site(), []run.Part{compiled}, ahead(l), []run.Part{stop}, l.data(), []run.Part{files}, end)
}

// fileNames are the files of the instance that change.
func (l *listing) fileNames() (out []string) {
	for _, name := range append([]string{instance.EnvName, l.ComposeName, instance.AnswersName}, compose.OverrideNames...) {
		if l.Change(KindFile, l.o.Dir.Path(name)) != nil {
			out = append(out, name)
		}
	}
	return out
}

// keep is what there was before.
func (l *listing) keep() (out []run.Step) {
	if l.counts() && !l.Intent.Restores() && stacks.IsUp(*l.old) {
		out = append(out, &step.CountSecrets{ID: l.old.ID})
	}
	for _, name := range l.fileNames() {
		out = append(out, &step.KeepFile{Name: name})
	}
	if l.Intent.Adopts() {
		out = append(out, &step.KeepRecord{Record: l.o.Made.Record})
	}
	return out
}

// counts reports whether the change of the release is one after which stored
// secrets must open as before.
func (l *listing) counts() bool {
	return l.old != nil && l.ImageID != l.old.ImageID && (l.Intent.Upgrades() || l.Env.Resalts)
}

// files are written with .env last: until its container was stopped OpenAlgo may
// have written it.
func (l *listing) files() (out []run.Step) {
	texts := map[string][]byte{l.ComposeName: l.ComposeText, instance.AnswersName: l.AnswersText}
	if l.Intent.Restores() {
		for _, name := range compose.OverrideNames {
			texts[name] = l.Intent.Backup.Files[name]
		}
	}
	names := l.fileNames()
	for _, name := range names {
		if name == instance.EnvName {
			continue
		}
		mode := fs.FileMode(0o644)
		if name == instance.AnswersName {
			mode = 0o600 // settings of the user's own may be secrets that no name gives away
		}
		out = append(out, &step.WriteFile{Name: name, Text: texts[name], Mode: mode})
	}
	if l.Intent.Adopts() {
		for _, path := range l.o.Host.Rivals {
			out = append(out, &step.MoveAside{Name: filepath.Base(path)})
		}
	}
	if !slices.Contains(names, instance.EnvName) {
		return out
	}
	env := &step.WriteEnv{Salt: l.state.Salt, Foreign: l.state.Foreign, Image: l.state.ImageID, Project: l.state.Project, Text: l.Env.Text}
	if l.Env.Replaces == nil {
		env.Fresh = l.Env.Fresh
	}
	if l.Env.Replaces == nil && !l.Env.Fresh {
		env.Edit = l.Env.Edit
	}
	return append(out, env)
}

func (l *listing) resources() (out []run.Step) {
	if l.Stack == nil {
		return nil // a copy has all of it already
	}
	for _, n := range l.Stack.Networks {
		if l.Change(KindNetwork, n.Spec.Name) != nil {
			out = append(out, &step.CreateNetwork{Name: n.Spec.Name, Spec: n.Spec})
		}
	}
	for _, m := range l.Stack.Spec("").Mounts {
		if path := world.DirectoryOf(m); path != "" && l.creates(path) {
			mode := fs.FileMode(0o755)
			if m.Target == openalgo.Keys {
				mode = 0o700
			}
			out = append(out, &data.MakeDirectory{Path: path, Image: l.state.ImageID, Mode: mode})
		}
	}
	for _, v := range l.Stack.Volumes {
		if l.creates(v.Spec.Name) {
			out = append(out, &data.CreateVolume{Name: v.Spec.Name, Dir: string(l.o.Dir), Moved: l.Intent.Data == ToVolumes, Spec: v.Spec})
		}
	}
	return out
}

// creates reports whether a volume is made, or a directory in place of one.
func (l *listing) creates(name string) bool {
	c := l.Change(KindVolume, name)
	return c != nil && c.Action == ActionCreate
}

func (l *listing) create() *step.CreateContainer {
	name := l.ContainerName()
	s := &step.CreateContainer{Name: name, Final: name, Project: l.o.Project, Foreign: l.state.Foreign, Image: l.ImageID}
	if l.old != nil {
		s.Name += "-new"
	}
	if c := l.Copied; c != nil {
		s.Copy = &step.Copied{ID: c.Of.ID, Changes: c.Changes}
	} else {
		s.Spec = l.Stack.Spec(l.ImageID)
	}
	return s
}

// site puts the domain's site in place while the previous container still runs.
func (l *listing) site() []run.Part {
	e := l.Edge
	if e == nil || !e.Act && len(e.Steps) == 0 {
		return nil
	}
	return []run.Part{{Name: "edge", Title: "serve https://" + e.State.Domain + " (" + e.What() + ")",
		Steps: append(e.Steps, &step.ServeSite{Site: e.State, Write: e.Files, Shared: e.Shared, Seen: e.Site, Trial: e.Trial, Certbot: e.Certbot})}}
}

// start gives OpenAlgo the directories that it could not write, and starts it.
func (l *listing) start() (out []run.Step) {
	byDir := map[string]*step.GiveOwner{}
	for _, c := range l.Owners {
		if byDir[c.Dir] == nil {
			uid, _ := stacks.OwnerHere(l.o.Engine, l.Stack.Spec("").User)
			byDir[c.Dir] = &step.GiveOwner{Dir: run.In(l.o.Dir, c.Dir), User: uid}
			out = append(out, byDir[c.Dir])
		}
		byDir[c.Dir].Files = append(byDir[c.Dir].Files, step.Owner{Name: c.Name, UID: c.UID, GID: c.GID})
	}
	switch {
	case l.replaces:
		out = append(out, &step.StartContainer{})
	case l.old != nil:
		out = append(out, &step.StartContainer{ID: l.old.ID, WasDown: l.old.State != "running"})
	}
	return out
}

func (l *listing) verify() *step.Verify {
	s := &step.Verify{SetupDone: l.state.SetupDone, Site: l.state.Edge, Resalts: l.Env.Resalts,
		MCP: l.Answers.RemoteMCP.Enabled && l.o.Engine.Local}
	if !l.replaces && l.old != nil {
		s.ID = l.old.ID
	}
	if l.counts() {
		s.Secrets = &run.Secrets{Unknown: true} // until they are counted
	}
	return s
}

// commit is what is left once the new stack is verified: the old container goes,
// the new one gets its name, the state is written.
func (l *listing) commit() (out []run.Step, err error) {
	if l.replaces && l.old != nil {
		out = append(out, &step.RemoveContainer{ID: l.old.ID, Name: l.old.Name}, &step.RenameContainer{})
	}
	if e := l.Edge; e != nil && len(e.Gone) > 0 {
		site := &step.TakeSite{Site: e.GoneFrom}
		for _, f := range e.Gone {
			site.Files = append(site.Files, run.In(l.o.Dir, f.Path))
		}
		out = append(out, site)
	}
	text, err := json.Marshal(l.state)
	if err != nil {
		return nil, fmt.Errorf("write the state: %w", err)
	}
	out = append(out, &step.WriteState{State: text}, &data.Tidy{})
	if l.Command == CommandRollback {
		out = append(out, &data.Swap{})
	}
	later := &compile.Later{}
	if !l.replaces && l.old != nil {
		later.ID = l.old.ID
	}
	return append(out, later), nil
}
