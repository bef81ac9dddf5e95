// Package journal1 reads the journal of releases before 2 and turns it into steps.
package journal1

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/step/data"
)

func init() { run.RegisterOld(convert) }

// journal1 is the journal of releases before 2: what a run did, in fields of its
// own. It is converted into steps, which undo it.
type journal1 struct {
	Command  string    `json:"command"`
	Started  time.Time `json:"started"`
	Done     []string  `json:"done"`
	Engine   string    `json:"engine"`
	Project  string    `json:"project"`
	Name     string    `json:"container"`
	Old      *old1     `json:"old"`
	NewName  string    `json:"new_name"`
	NewID    string    `json:"new_id"`
	Networks []string  `json:"networks"`

	OnlyStarted string   `json:"only_started"`
	MadeVolumes bool     `json:"made_volumes"`
	MovedInto   []string `json:"moved_into"`
	MovedSince  []string `json:"moved_since"`

	Edge *struct {
		State    instance.Edge `json:"state"`
		Files    []file1       `json:"files"`
		Gone     []string      `json:"gone"`
		GoneFrom instance.Edge `json:"gone_from"`
	} `json:"edge"`
	Snapshot *copy1          `json:"snapshot"`
	Secrets  *run.Secrets    `json:"secrets"`
	Resalts  bool            `json:"resalts"`
	Replaced []copy1         `json:"replaced"`
	Starting bool            `json:"starting"`
	Files    []file1         `json:"files"`
	Owners   []owner1        `json:"owners"`
	Aside    []string        `json:"aside"`
	State    json.RawMessage `json:"state"`
	Verified bool            `json:"verified"`

	dir   string // the instance's
	was   string // where the instance was when the run wrote it
	state state1
}

type state1 struct {
	Salt      string             `json:"salt"`
	ImageID   string             `json:"image_id"`
	SetupDone bool               `json:"setup_done"`
	Foreign   bool               `json:"foreign"`
	Engine    instance.EngineRef `json:"engine"`
}

type old1 struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Running  bool      `json:"running"`
	Began    time.Time `json:"began"`
	Broken   bool      `json:"broken"`
	Stopping bool      `json:"stopping"`
}

type file1 struct {
	Name    string            `json:"name"`
	Backup  string            `json:"backup"`
	Former  string            `json:"former"`
	SHA256  string            `json:"sha256"`
	Earlier []string          `json:"earlier"`
	Keys    map[string]string `json:"keys"`
	Back    bool              `json:"back"`
}

type copy1 struct {
	Data     string `json:"data"`
	Copy     string `json:"copy"`
	Whole    bool   `json:"whole"`
	Kept     string `json:"kept"`
	Moved    bool   `json:"moved"`
	Back     bool   `json:"back"`
	Renaming bool   `json:"renaming"`
	Left     bool   `json:"left"`
}

type owner1 struct {
	Dir string `json:"dir"`
	step.Owner
}

// convert reads a journal of that form.
func convert(d instance.Dir, text []byte) (*run.Journal, error) {
	j := &journal1{dir: string(d)}
	if err := json.Unmarshal(text, j); err != nil {
		return nil, err
	}
	if j.State != nil {
		if err := json.Unmarshal(j.State, &j.state); err != nil {
			return nil, err
		}
	}
	if err := j.place(); err != nil {
		return nil, err
	}
	out := &run.Journal{
		Version: run.Version, Command: j.Command, Started: j.Started, Engine: j.Engine, Docker: j.state.Engine,
		Phase: run.Apply, Steps: slices.Concat(j.before(), j.files(), j.data(), j.containers()), Commit: j.commit(),
	}
	if j.Verified {
		out.Phase = run.Commit
	}
	return out, nil
}

// place finds out where the instance was, and refuses paths that no run wrote:
// its copies are in places of their own.
func (j *journal1) place() error {
	for _, path := range j.paths() {
		if dir, _, ok := strings.Cut(path, "/"+instance.WorkName+"/"); ok {
			j.was = dir
			break
		}
	}
	if j.was == "" || j.was != j.dir && !stacks.IsGone(filepath.Join(j.was, instance.WorkName)) {
		j.was = j.dir
	}
	for _, f := range j.allFiles() {
		if f.Backup != "" && filepath.Dir(f.Backup) != filepath.Join(j.was, instance.WorkName, "backups") {
			return run.Foreign(f.Name, f.Backup)
		}
	}
	for _, c := range j.copies() {
		base, tree := filepath.Split(strings.TrimPrefix(c.Copy, filepath.Join(j.was, instance.WorkName)+"/"))
		if base != instance.Snapshot+"/" && base != instance.Replaced+"/" || run.CheckNames(tree) != nil || !run.IsCleanAbs(c.Data) || c.Kept != "" && !strings.HasPrefix(filepath.Clean(c.Kept), filepath.Join(j.was, instance.WorkName)+"/") {
			return run.Foreign(c.Copy, c.Kept, c.Data)
		}
	}
	return nil
}

func (j *journal1) allFiles() []file1 {
	if j.Edge == nil {
		return j.Files
	}
	return slices.Concat(j.Files, j.Edge.Files)
}

func (j *journal1) copies() []copy1 {
	if j.Snapshot == nil {
		return j.Replaced
	}
	return append(slices.Clone(j.Replaced), *j.Snapshot)
}

func (j *journal1) paths() (out []string) {
	for _, f := range j.allFiles() {
		out = append(out, f.Backup)
	}
	for _, c := range j.copies() {
		out = append(out, c.Copy)
	}
	return out
}

// in is a path of the journal for the instance where it is now.
func (j *journal1) in(path string) run.Path { return run.In(instance.Dir(j.was), path) }

func (j *journal1) did(step string) bool { return slices.Contains(j.Done, step) }

// started reports whether the new container may have written its data.
func (j *journal1) started() bool { return j.Starting || j.did("start") }

func begun(part string, steps ...run.Step) (out []*run.Entry) {
	for _, s := range steps {
		out = append(out, run.NewEntry(part, s, run.Begun))
	}
	return out
}

func (f file1) kept() step.Kept {
	k := step.Kept{Former: f.Former, SHA256: f.SHA256, Back: f.Back}
	if f.Backup != "" {
		k.Backup = filepath.Base(f.Backup)
	}
	return k
}

// before are the steps that an undo ends with, last first.
func (j *journal1) before() (out []*run.Entry) {
	if e := j.Edge; e != nil && len(e.Files) > 0 {
		site := &step.ServeSite{Site: e.State}
		for _, f := range e.Files {
			site.Files = append(site.Files, step.SiteFile{Path: j.in(f.Name), Kept: f.kept(), Earlier: f.Earlier})
		}
		out = append(out, begun("edge", site)...)
	}
	for _, name := range j.Networks {
		out = append(out, begun("resources", &step.CreateNetwork{Name: name, Made: true})...)
	}
	if o := j.Old; o != nil {
		s := &step.StopContainer{ID: o.ID, Name: o.Name, Running: o.Running, Began: o.Began, Broken: o.Broken}
		state := run.Begun
		if !o.Stopping && !j.did("stop") {
			state = ""
		}
		out = append(out, run.NewEntry("stop", s, state))
	}
	owners := map[string]*step.GiveOwner{}
	for _, o := range j.Owners {
		if owners[o.Dir] == nil {
			owners[o.Dir] = &step.GiveOwner{Dir: j.in(o.Dir)}
			out = append(out, begun("start", owners[o.Dir])...)
		}
		owners[o.Dir].Files = append(owners[o.Dir].Files, o.Owner)
	}
	return out
}

func (j *journal1) files() (out []*run.Entry) {
	for _, name := range j.Aside {
		out = append(out, begun("files", &step.MoveAside{Name: name})...)
	}
	for _, f := range j.Files {
		if f.Name == instance.EnvName {
			out = append(out, begun("files", &step.WriteEnv{Kept: f.kept(), Keys: f.Keys, Salt: j.state.Salt, Foreign: j.state.Foreign, Image: j.state.ImageID, Project: j.Project})...)
		} else {
			out = append(out, begun("files", &step.WriteFile{Name: f.Name, Kept: f.kept()})...)
		}
	}
	return out
}

func (j *journal1) data() (out []*run.Entry) {
	for _, c := range j.copies() {
		base, tree := filepath.Split(strings.TrimPrefix(c.Copy, filepath.Join(j.was, instance.WorkName)+"/"))
		s := &data.Keep{
			Tree: tree, Base: filepath.Clean(base), OfNew: filepath.Clean(base) == instance.Replaced, Data: j.in(c.Data), Volume: volumeAt(c.Data),
			Whole: c.Whole, Prepared: c.Kept != "", Moved: c.Moved, Back: c.Back, Renaming: c.Renaming, Left: c.Left,
		}
		out = append(out, begun("snapshot", s)...)
	}
	if j.Command == "upgrade" && j.Snapshot == nil {
		out = append(out, run.NewEntry("snapshot", &data.Keep{Tree: "db", Base: instance.Snapshot}, ""))
	}
	if len(j.Replaced) > 0 && j.Starting {
		out = append(out, begun("data", &data.Fill{Filled: j.did("data")})...)
	}
	return out
}

func (j *journal1) containers() (out []*run.Entry) {
	for _, name := range j.MovedInto {
		out = append(out, begun("resources", &data.CreateVolume{Name: name, Dir: j.was, Moved: true, Since: slices.Contains(j.MovedSince, name)})...)
	}
	if j.MadeVolumes && len(j.MovedInto) == 0 {
		out = append(out, begun("resources", &data.CreateVolume{Name: j.Project + "_openalgo_db", Dir: j.was})...)
	}
	if j.NewName != "" {
		out = append(out, begun("create", &step.CreateContainer{Name: j.NewName, Final: j.Name, Project: j.Project, Foreign: j.state.Foreign, ID: j.NewID})...)
		start := run.NewEntry("start", &step.StartContainer{}, "")
		if j.started() {
			start.State = run.Begun
		}
		out = append(out, start)
	}
	if j.OnlyStarted != "" {
		if !j.did("resources") || j.Edge != nil && len(j.Edge.Files) > 0 && !j.did("edge") {
			out = append(out, run.NewEntry("resources", &step.Action{What: "steps that were not done"}, "")) // no reason to go forward
		}
		out = append(out, begun("start", &step.StartContainer{ID: j.OnlyStarted, WasDown: true})...)
	}
	if j.NewName != "" || j.OnlyStarted != "" {
		v := &step.Verify{ID: j.OnlyStarted, SetupDone: j.state.SetupDone, Secrets: j.Secrets, Resalts: j.Resalts}
		if j.Edge != nil {
			v.Site = j.Edge.State
		}
		out = append(out, run.NewEntry("verify", v, ""))
	}
	return out
}

func (j *journal1) commit() (out []*run.Entry) {
	add := func(s run.Step) { out = append(out, run.NewEntry("", s, "")) }
	if j.Old != nil {
		add(&step.RemoveContainer{ID: j.Old.ID, Name: j.Old.Name})
		add(&step.RenameContainer{})
	}
	if e := j.Edge; e != nil && len(e.Gone) > 0 {
		site := &step.TakeSite{Site: e.GoneFrom}
		for _, path := range e.Gone {
			site.Files = append(site.Files, j.in(path))
		}
		add(site)
	}
	if j.State != nil {
		add(&step.WriteState{State: j.State})
	}
	add(&data.Tidy{})
	if j.Command == "rollback" {
		add(&data.Swap{})
	}
	return out
}

// volumeAt is the name of the volume whose data is at a path; "" where the path is
// none that Docker gives a volume.
func volumeAt(path string) string {
	dir, base := filepath.Split(path)
	dir, name := filepath.Split(filepath.Clean(dir))
	if base != "_data" || filepath.Base(dir) != "volumes" {
		return ""
	}
	return name
}
