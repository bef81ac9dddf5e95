package step_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/memory"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/freeze"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/step/compile"
	"github.com/marketcalls/openalgo-install/internal/step/data"
	"github.com/marketcalls/openalgo-install/internal/step/gate"
	"github.com/marketcalls/openalgo-install/internal/step/still"
)

// world is one instance on an engine in memory, with an OpenAlgo that keeps to
// what matters here: its database opens with one key alone, and a newer release
// changes it for good.
type world struct {
	t      *testing.T
	root   string // all of it
	dir    string // the instance's
	engine *memory.Engine
	sick   map[string]string // container to why it does not answer
	notes  []string
	points []string           // that were reached
	hook   func(point string) // at every point where a process may end
	front  error              // why what serves HTTPS does not read its files
	last   func() error       // copies what changed, while it is frozen
	swap   swapFile
}

const project = "openalgo"

// newWorld makes an empty one. It is in memory where that is possible: the
// program syncs every file.
func newWorld(t *testing.T) *world {
	t.Helper()
	base := "/dev/shm"
	if info, err := os.Stat(base); err != nil || !info.IsDir() {
		base = ""
	}
	root, err := os.MkdirTemp(base, "openalgo-step-")
	must(t, err)
	w := &world{t: t, root: root, dir: filepath.Join(root, "openalgo"), engine: memory.New(filepath.Join(root, "engine")), sick: map[string]string{}}
	must(t, os.MkdirAll(w.path(instance.WorkName+"/backups"), 0o700))
	for _, image := range []string{"1", "2", "bad"} {
		w.engine.AddImage("openalgo:"+image, "sha256:"+image)
	}
	w.engine.OnStart, w.swap.reach = w.begin, w.reach
	w.engine.Hook = func(point string) { w.reach("docker: " + point) }
	return w
}

func (w *world) close() { _ = os.RemoveAll(w.root) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) reach(point string) {
	if w.hook != nil {
		w.hook(point)
	}
}

// tools are those of a new process.
func (w *world) tools() *run.Tools {
	return &run.Tools{
		Engine: w.engine, App: w, Dir: instance.Dir(w.dir), UndoLimit: time.Minute, Hook: w.reach,
		Report: event.ReporterFunc(func(e event.Event) {
			if e.Type == event.TypeNote {
				w.notes = append(w.notes, e.Message)
			}
		}),
	}
}

// place is where a mount of a container is on this machine.
func place(c engine.Container, target string) string {
	for _, m := range c.Mounts {
		if m.Target == target {
			return m.Source
		}
	}
	return ""
}

// begin is the start of OpenAlgo.
func (w *world) begin(c engine.Container) {
	delete(w.sick, c.ID)
	env, err := os.ReadFile(place(c, openalgo.Env))
	if err != nil {
		w.sick[c.ID] = err.Error()
		return
	}
	pepper := value(string(env), "API_KEY_PEPPER")
	db := place(c, openalgo.DB)
	if db == "" {
		w.sick[c.ID] = "no database"
		return
	}
	switch key := read(filepath.Join(db, "key")); {
	case key == "":
		must(w.t, os.WriteFile(filepath.Join(db, "key"), []byte(pepper), 0o644))
	case key != pepper:
		w.sick[c.ID] = "the key is another"
		return
	}
	release := strings.TrimPrefix(c.ImageID, "sha256:")
	schema := read(filepath.Join(db, "schema"))
	if release == "1" && schema == "2" {
		w.sick[c.ID] = "the database is newer"
		return
	}
	newest := "2"
	if release == "1" {
		newest = "1"
	}
	must(w.t, os.WriteFile(filepath.Join(db, "schema"), []byte(newest), 0o644))
	if release == "bad" || strings.Contains(string(env), "BROKEN") {
		w.sick[c.ID] = "it is broken"
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}

func value(env, key string) string {
	for line := range strings.Lines(env) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), " = "); ok && k == key {
			return strings.Trim(v, "'")
		}
	}
	return ""
}

// Ready says whether OpenAlgo answers in a container.
func (w *world) Ready(ctx context.Context, id string, setupDone, _ bool) (bool, error) {
	c, err := w.engine.Container(ctx, id)
	switch {
	case err != nil:
		return false, err
	case c.State != "running":
		return false, fmt.Errorf("%s is %s", c.Name, c.State)
	case w.sick[c.ID] != "":
		return false, errors.New(w.sick[c.ID])
	}
	needsSetup := read(filepath.Join(place(c, openalgo.DB), "rows")) == ""
	if needsSetup && setupDone {
		return false, errors.New("it started with an empty database")
	}
	return needsSetup, nil
}

// Serves checks nothing more.
func (w *world) Serves(context.Context, run.Verification, bool) error { return nil }

// Front reads files of a site.
func (w *world) Front(context.Context, instance.Edge) (run.Front, error) { return w, nil }

// Apply is that of the front: the site that it serves is the one in the file.
func (w *world) Apply(context.Context) error {
	w.reach("front")
	return w.front
}

// Await is that of the front, which has a certificate for the site of its file.
func (w *world) Await(_ context.Context, domain string, trust edge.Trust, _ time.Time) error {
	if want := map[bool]string{true: "trial", false: domain}[trust.Any]; read(w.path("edge/site.caddy")) != want {
		return fmt.Errorf("it serves %s and not %s", read(w.path("edge/site.caddy")), want)
	}
	return nil
}

// Trial is that of the front.
func (w *world) Trial(edge.Site, string) edge.File {
	return edge.File{Path: w.path("edge/site.caddy"), Text: []byte("trial"), Mode: 0o644}
}

// Asks asks once.
func (w *world) Asks(ctx context.Context, id string) (bool, error) {
	return w.Ready(ctx, id, false, false)
}

// CountSecrets knows of none.
func (w *world) CountSecrets(context.Context, string) (run.Secrets, error) { return run.Secrets{}, nil }

// Remember writes the state.
func (w *world) Remember(_ context.Context, state json.RawMessage, _ *bool) error {
	return os.WriteFile(w.path(instance.WorkName+"/state.json"), state, 0o600)
}

// Remain notes that keys stay.
func (w *world) Remain(context.Context, string, string) {}

// RemoveLeftovers moves away what another installer left.
func (w *world) RemoveLeftovers(_ context.Context, l run.Leftovers) error {
	for _, path := range l.Paths {
		w.reach("leftover")
		if err := os.Remove(w.root + path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// EndDaily removes the file of the daily backup.
func (w *world) EndDaily(context.Context) error {
	w.reach("daily")
	if err := os.Remove(w.path("daily")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// DropImages has nothing to remove.
func (w *world) DropImages(context.Context, string, []string) { w.reach("images") }

// spec is the instance's container.
func (w *world) spec(image, name string, binds bool) engine.ContainerSpec {
	s := engine.ContainerSpec{
		Name:   name,
		Config: engine.Config{Image: image, Labels: map[string]string{compose.LabelProject: project, compose.LabelWorkingDir: w.dir, compose.LabelService: compose.Service}},
		Ports:  []engine.PortBinding{{HostPort: 5000, ContainerPort: openalgo.WebPort}},
		Mounts: []engine.Mount{{Type: "bind", Source: w.path(".env"), Target: openalgo.Env}},
	}
	for _, tree := range trees {
		m := engine.Mount{Type: "volume", Source: volume(tree), Target: openalgo.Tree(tree)}
		if binds {
			m.Type, m.Source = "bind", w.path(tree)
		}
		s.Mounts = append(s.Mounts, m)
	}
	s.Networks = []engine.NetworkAttachment{{Name: project + "_default"}}
	return s
}

var trees = []string{"db", "strategies"}

func volume(tree string) string { return project + "_openalgo_" + tree }

const webName = project + "-web"

const firstEnv = "API_KEY_PEPPER = 'pepper-of-this-instance'\nLOG_LEVEL = 'INFO'\n"

// web is the container that is called so, if it is there.
func (w *world) web() *engine.Container {
	c, err := w.engine.Container(w.t.Context(), webName)
	if err != nil {
		return nil
	}
	return &c
}

func (w *world) running() bool {
	c := w.web()
	return c != nil && c.State == "running" && w.sick[c.ID] == ""
}

// addRows makes accounts, as a user of the running OpenAlgo does.
func (w *world) addRows(text string) {
	w.t.Helper()
	must(w.t, os.WriteFile(filepath.Join(place(*w.web(), openalgo.DB), "rows"), []byte(text), 0o644))
	must(w.t, os.WriteFile(filepath.Join(place(*w.web(), openalgo.Tree("strategies")), "mine.py"), []byte(text), 0o644))
}

func (w *world) stopStep() *step.StopContainer {
	c := w.web()
	return &step.StopContainer{ID: c.ID, Name: c.Name, Running: c.State == "running", Began: c.StartedAt, Up: c.State == "running"}
}

func (w *world) createStep(image string, binds bool) *step.CreateContainer {
	s := &step.CreateContainer{Name: webName, Final: webName, Project: project, Spec: w.spec(image, "", binds)}
	if w.web() != nil {
		s.Name += "-new"
	}
	return s
}

func (w *world) editEnv(old, new string) *step.WriteEnv {
	return &step.WriteEnv{Foreign: true, Salt: "salt", Project: project, Edit: func(now []byte) ([]byte, error) {
		return []byte(strings.Replace(string(now), old, new, 1)), nil
	}}
}

func (w *world) commit(more ...run.Step) []run.Step {
	return append(more, &step.WriteState{State: json.RawMessage(`{"image_id":"x"}`)}, &data.Tidy{})
}

func part(name string, steps ...run.Step) run.Part {
	return run.Part{Name: name, Title: name, Steps: steps}
}

// swapped are the commit's steps after a container took the place of another.
func (w *world) swapped(more ...run.Step) []run.Step {
	c := w.web()
	return w.commit(append([]run.Step{&step.RemoveContainer{ID: c.ID, Name: c.Name}, &step.RenameContainer{}}, more...)...)
}

// install is the plan of a first install.
func (w *world) install() run.Plan {
	resources := part("resources", &step.CreateNetwork{Name: project + "_default", Spec: engine.NetworkSpec{Name: project + "_default"}})
	for _, tree := range trees {
		resources.Steps = append(resources.Steps, &data.CreateVolume{Name: volume(tree), Dir: w.dir, Spec: engine.VolumeSpec{Name: volume(tree)}})
	}
	env := &step.WriteEnv{Text: []byte(firstEnv), Fresh: true, Salt: "salt", Project: project, Image: "sha256:1"}
	if read(w.path(".env")) != "" {
		env = w.editEnv("\x00", "")
	}
	return run.Plan{Command: "install", Parts: []run.Part{
		part("backup", &step.KeepFile{Name: ".env"}, &step.KeepFile{Name: compose.FileName}),
		part("files", &step.WriteFile{Name: compose.FileName, Text: []byte("release 1"), Mode: 0o644}, env),
		resources,
		part("create", w.createStep("openalgo:1", false)),
		part("start", &step.StartContainer{}),
		part("verify", &step.Verify{}),
	}, Commit: w.commit()}
}

// change is that of a change of settings, and of the site.
func (w *world) change() run.Plan {
	site := w.path("edge/site.caddy")
	return run.Plan{Command: "set", Parts: []run.Part{
		part("backup", &step.KeepFile{Name: ".env"}, &step.KeepFile{Name: compose.FileName}),
		part("resources", &step.CreateNetwork{Name: project + "_default", Spec: engine.NetworkSpec{Name: project + "_default"}}),
		part("create", w.createStep(w.web().Image, false)),
		part("edge", &step.ServeSite{Site: instance.Edge{Kind: "caddy", Dir: w.path("edge"), Domain: "new.example.com"},
			Write: []edge.File{{Path: site, Text: []byte("new.example.com"), Mode: 0o644}}, Trial: "staging"}),
		part("stop", w.stopStep()),
		part("files", &step.WriteFile{Name: compose.FileName, Text: []byte("changed"), Mode: 0o644}, w.editEnv("INFO", "DEBUG")),
		part("start", &step.StartContainer{}),
		part("verify", &step.Verify{SetupDone: true}),
	}, Commit: w.swapped(&step.TakeSite{Site: instance.Edge{Domain: "old.example.com"}, Files: []run.Path{"edge/old.caddy"}})}
}

// closed is a change of the site that keeps others out of it.
func (w *world) closed() run.Plan {
	p := w.change()
	site := instance.Edge{Kind: "caddy", Dir: w.path("edge"), Domain: "new.example.com"}
	p.Parts[3].Steps = append([]run.Step{&gate.Close{Site: site, Path: gateName, Web: "127.0.0.1:5000"}}, p.Parts[3].Steps...)
	return p
}

// closedElsewhere is the same for a site that was closed by way of another port.
func (w *world) closedElsewhere() run.Plan {
	p := w.closed()
	p.Parts[3].Steps[0].(*gate.Close).Web = "127.0.0.1:5050"
	return p
}

const oneToken = "A2B3A2B3A2B3A2B3A2B3A2B3A2B3"

// installedClosed has a gate already, whose link somebody has.
func (w *world) installedClosed() {
	w.installed()
	path := w.path(gateName)
	must(w.t, edge.Place(edge.Gate{Kind: "caddy", Domain: "new.example.com", Web: "127.0.0.1:5000"}.File(path, secret.New(oneToken))))
}

const gateName = "edge/caddy/setup/new.example.com.caddy"

var gateAsks = regexp.MustCompile(`reverse_proxy @openalgo_stranger (\S+)`)

// closedBy is where a gate asks, and whether it opens by the link that somebody has.
func (w *world) closedBy() string {
	text := read(w.path(gateName))
	return fmt.Sprint(gateAsks.FindStringSubmatch(text), strings.Contains(text, oneToken))
}

// compiled is a change after which OpenAlgo reads bytecode from a volume.
func (w *world) compiled() run.Plan {
	p := w.change()
	create := p.Parts[2].Steps[0].(*step.CreateContainer)
	create.Spec.Mounts = append(create.Spec.Mounts, engine.Mount{Type: "volume", Source: volume("bytecode"), Target: compose.BytecodeDir, ReadOnly: true})
	p.Parts = slices.Insert(p.Parts, 4, part("bytecode", &compile.First{}))
	p.Commit = append(p.Commit, &compile.Later{})
	return p
}

// upgrade is that of another release.
func (w *world) upgrade(image string) run.Plan {
	return run.Plan{Command: "upgrade", Parts: []run.Part{
		part("backup", &step.CountSecrets{ID: w.web().ID}, &step.KeepFile{Name: ".env"}),
		part("create", w.createStep(image, false)),
		part("ahead", &data.Ahead{Tree: "db"}),
		part("stop", w.stopStep()),
		part("snapshot", &data.Clear{Base: instance.Snapshot}, &data.Keep{Tree: "db", Base: instance.Snapshot}, &step.DescribeCopy{Base: instance.Snapshot}),
		part("files", w.editEnv("INFO", "DEBUG")),
		part("start", &step.StartContainer{}),
		part("verify", &step.Verify{SetupDone: true}),
	}, Commit: w.swapped()}
}

// restore is that of data and .env of another time.
func (w *world) restore(rows string) run.Plan {
	replaced := part("replaced", &data.Clear{Base: instance.Replaced})
	for _, tree := range trees {
		replaced.Steps = append(replaced.Steps, &data.Keep{Tree: tree, Base: instance.Replaced, OfNew: true})
	}
	replaced.Steps = append(replaced.Steps, &step.DescribeCopy{Base: instance.Replaced})
	return run.Plan{Command: "restore", Parts: []run.Part{
		part("backup", &step.KeepFile{Name: ".env"}),
		part("create", w.createStep(w.web().Image, false)),
		part("stop", w.stopStep()),
		replaced,
		part("data", &data.Fill{Trees: trees, From: filling{w, rows}}),
		part("files", &step.WriteEnv{Text: []byte("API_KEY_PEPPER = 'pepper-of-then'\nLOG_LEVEL = 'INFO'\n"), Foreign: true, Salt: "salt"}),
		part("start", &step.StartContainer{}),
		part("verify", &step.Verify{SetupDone: true}),
	}, Commit: w.swapped()}
}

// firstRestore is that of a backup where there is no instance yet.
func (w *world) firstRestore() run.Plan {
	p := w.install()
	env := &step.WriteEnv{Text: []byte("API_KEY_PEPPER = 'pepper-of-then'\nLOG_LEVEL = 'INFO'\n"), Salt: "salt", Project: project, Image: "sha256:1"}
	p.Command, p.Parts[1].Steps[1] = "restore", env
	replaced := part("replaced", &data.Clear{Base: instance.Replaced, For: trees, Bytes: 1})
	for _, tree := range trees {
		replaced.Steps = append(replaced.Steps, &data.Keep{Tree: tree, Base: instance.Replaced, OfNew: true})
	}
	replaced.Steps = append(replaced.Steps, &step.DescribeCopy{Base: instance.Replaced})
	p.Parts = slices.Insert(p.Parts, 4, replaced, part("data", &data.Fill{Trees: trees, From: filling{w, "then"}}))
	return p
}

// rollback is a restore after which what it replaced is the copy to go to next.
func (w *world) rollback() run.Plan {
	p := w.restore("then")
	p.Command, p.Commit = "rollback", append(p.Commit, &data.Swap{})
	return p
}

// backup is work while OpenAlgo is stopped.
func (w *world) backup() run.Plan {
	c := w.web()
	return run.Plan{Command: "backup", Parts: []run.Part{part("stop", w.stopStep()), part("", &step.Archive{Archiver: w})},
		Commit: []run.Step{&step.StartAgain{ID: c.ID, Name: c.Name}}}
}

// Archive copies the data of a backup.
func (w *world) Archive(context.Context) error {
	w.reach("copying")
	return nil
}

// frozenBackup is work while OpenAlgo is frozen.
func (w *world) frozenBackup() run.Plan {
	c := w.web()
	return run.Plan{Command: "backup", Parts: []run.Part{part("freeze", &still.Freeze{ID: c.ID, Name: c.Name, Copier: w})}}
}

// Ahead copies what can be while OpenAlgo runs.
func (w *world) Ahead(context.Context) error {
	w.reach("ahead")
	return nil
}

// Last copies the rest: OpenAlgo must stand still.
func (w *world) Last(context.Context) error {
	w.reach("last")
	if c := w.web(); c == nil {
		return engine.ErrUnreachable
	} else if c.State != "paused" {
		return fmt.Errorf("%s is %s while it is copied", c.Name, c.State)
	}
	if w.last == nil {
		return nil
	}
	return w.last()
}

// Guard is none.
func (w *world) Guard() freeze.Guard { return freeze.NoGuard }

// resize is that of another tool's container, which is copied.
func (w *world) resize() run.Plan {
	old := w.web()
	create := &step.CreateContainer{Name: webName + "-new", Final: webName, Project: project, Foreign: true}
	create.Copy = &step.Copied{ID: old.ID, Changes: engine.Changes{Env: map[string]string{"SHM_SIZE": "1g"}, Labels: map[string]string{"size": "1g"}}}
	return run.Plan{Command: "resize", Parts: []run.Part{
		part("backup", &step.KeepFile{Name: ".env"}), part("resources"), part("create", create), part("stop", w.stopStep()),
		part("files", w.editEnv("INFO", "DEBUG")), part("start", &step.StartContainer{}), part("verify", &step.Verify{SetupDone: true}),
	}, Commit: w.swapped()}
}

// filling is data of another time.
type filling struct {
	w    *world
	rows string
}

// Extract unpacks it.
func (f filling) Extract(_ context.Context, places map[string]string) error {
	for tree, dir := range places {
		f.w.reach("unpacking " + tree)
		for name, text := range map[string]string{"rows": f.rows, "key": "pepper-of-then", "schema": "1", "mine.py": f.rows} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// adopt is that of another tool's stack, whose data moves into volumes.
func (w *world) adopt() run.Plan {
	resources, move := part("resources"), part("move")
	for _, tree := range trees {
		resources.Steps = append(resources.Steps, &data.CreateVolume{Name: volume(tree), Dir: w.dir, Moved: true, Spec: engine.VolumeSpec{Name: volume(tree)}})
		move.Steps = append(move.Steps, &data.Move{From: run.Path(tree), Target: openalgo.Tree(tree), User: openalgo.User})
	}
	return run.Plan{Command: "adopt", Parts: []run.Part{
		part("backup", &step.KeepFile{Name: ".env"}, &step.KeepFile{Name: compose.FileName}, &step.KeepRecord{Record: []byte("{}")}),
		resources,
		part("create", w.createStep("openalgo:1", false)),
		part("stop", w.stopStep()),
		part("carry", &data.Carry{Target: "/app/keys", User: openalgo.User}),
		move,
		part("files", &step.WriteFile{Name: compose.FileName, Text: []byte("ours"), Mode: 0o644}, &step.MoveAside{Name: "compose.yaml"}, w.editEnv("INFO", "DEBUG")),
		part("start", &step.GiveOwner{Dir: "strategies", User: openalgo.User, Files: []step.Owner{{Name: "mine.py"}}}, &step.StartContainer{}),
		part("verify", &step.Verify{SetupDone: true}),
	}, Commit: w.swapped()}
}

// leftover is a file of another installer.
const leftover = "/etc/cron.d/openalgo"

// laden is an instance with all that an uninstall removes.
func (w *world) laden() {
	w.installed()
	must(w.t, os.MkdirAll(filepath.Dir(w.root+leftover), 0o755))
	for _, path := range []string{w.root + leftover, w.path("daily"), w.path(instance.WorkName + "/backups/env.1"), w.path(instance.WorkName + "/log")} {
		must(w.t, os.WriteFile(path, []byte("x"), 0o600))
	}
}

// cluttered is an instance with images and a copy that nothing needs.
func (w *world) cluttered() {
	w.installed()
	for ref, id := range map[string]string{"openalgo:0": "sha256:old", "openalgo:0.1": "sha256:old", "openalgo:0.2": "sha256:moved"} {
		w.engine.AddImage(ref, id)
	}
	must(w.t, os.MkdirAll(w.path(instance.WorkName+"/unneeded/db"), 0o700))
	must(w.t, os.WriteFile(w.path(instance.WorkName+"/unneeded/db/rows"), []byte("x"), 0o600))
}

// clean removes them: a commit from its beginning. One of the names stands for another
// image by now, and one of the images is in use.
func (w *world) clean() run.Plan {
	return run.Plan{Command: "clean", Commit: []run.Step{&step.RemoveImage{ID: "sha256:old", Names: []string{"openalgo:0", "openalgo:0.1", "openalgo:0.2"}},
		&step.RemoveImage{ID: w.web().ImageID, Names: []string{w.web().Image}}, &step.RemoveImage{ID: "sha256:none"}, &data.Clear{Base: "unneeded"}}}
}

// uninstall is that of the end of an instance: a commit from its beginning.
func (w *world) uninstall(purge bool) run.Plan {
	p := run.Plan{Command: "uninstall", Commit: []run.Step{
		&step.TakeSite{Site: instance.Edge{Domain: "old.example.com"}, Files: []run.Path{"edge/old.caddy"}, Strict: true}}}
	if c := w.web(); c != nil {
		p.Commit = append(p.Commit, &step.RemoveContainer{ID: c.ID, Name: c.Name, InOrder: true, Began: c.StartedAt})
	}
	p.Commit = append(p.Commit, &step.RemoveLeftovers{Leftovers: run.Leftovers{Paths: []string{leftover}}},
		&step.EndDaily{}, &step.RemoveNetwork{Name: project + "_default"})
	if !purge {
		return p
	}
	for _, tree := range trees {
		p.Commit = append(p.Commit, &step.RemoveVolume{Name: volume(tree)}, &step.RemoveDirectory{Name: tree})
	}
	for _, name := range []string{compose.FileName, ".env"} {
		p.Commit = append(p.Commit, &step.RemoveFile{Name: name})
	}
	p.Commit = append(p.Commit, &step.DropImages{Project: project}, &step.RemoveWork{})
	return p
}

// mustHaveKeys wants data to have the .env that opens it, at every moment.
func (w *world) mustHaveKeys(at, again int) {
	w.t.Helper()
	for _, db := range []string{filepath.Join(w.engine.Root, "volumes", volume("db"), "_data"), w.path("db")} {
		key := read(filepath.Join(db, "rows"))
		if key != "" && read(w.path(".env")) == "" {
			w.t.Errorf("killed at %d and %d: there is data in %s and no .env", at, again, db)
		}
	}
}

// started is that of a change to an instance whose container is stopped.
func (w *world) started() run.Plan {
	return run.Plan{Command: "set", Parts: []run.Part{
		part("backup", &step.KeepFile{Name: compose.FileName}),
		part("files", &step.WriteFile{Name: compose.FileName, Text: []byte("changed"), Mode: 0o644}),
		part("start", &step.StartContainer{ID: w.web().ID, WasDown: true}),
		part("verify", &step.Verify{ID: w.web().ID, SetupDone: true}),
	}, Commit: w.commit()}
}

// containers describes all of them.
func (w *world) containers() (out []string) {
	all, err := w.engine.Containers(w.t.Context())
	must(w.t, err)
	for _, c := range all {
		out = append(out, c.Name+" "+c.State)
	}
	return out
}

// end is what must be the same after every kill, but for what a change is about.
func (w *world) end() string {
	w.t.Helper()
	var out strings.Builder
	fmt.Fprintln(&out, w.containers())
	if c := w.web(); c != nil {
		fmt.Fprintln(&out, c.Image, w.sick[c.ID], "rows", read(filepath.Join(place(*c, openalgo.DB), "rows")), "mine", read(filepath.Join(place(*c, openalgo.Tree("strategies")), "mine.py")),
			"schema", read(filepath.Join(place(*c, openalgo.DB), "schema")), "key", read(filepath.Join(place(*c, openalgo.DB), "key")))
	}
	fmt.Fprintln(&out, read(w.path(".env")))
	fmt.Fprintln(&out, "compose", read(w.path(compose.FileName)), "site", read(w.path("edge/site.caddy")), "gate", w.closedBy(), read(w.path("edge/old.caddy")), read(w.path("compose.yaml")), read(w.path("compose.yaml.before-adopt")))
	volumes, err := w.engine.Volumes(w.t.Context())
	must(w.t, err)
	for _, v := range volumes {
		fmt.Fprintln(&out, "volume", v.Name)
	}
	var left []string
	for _, name := range []string{"journal.json", "tmp"} {
		if _, err := os.Lstat(w.path(instance.WorkName + "/" + name)); err == nil {
			left = append(left, name)
		}
	}
	for _, path := range []string{w.root + leftover, w.path("daily"), w.path(instance.WorkName + "/log"), w.path(instance.WorkName + "/backups/env.1")} {
		left = append(left, read(path))
	}
	fmt.Fprintln(&out, "swap", w.swap.mib, w.swap.on, w.swap.entered)
	fmt.Fprintln(&out, "left", slices.Compact(left), exists(w.path("db")))
	images, err := w.engine.Tags(w.t.Context())
	must(w.t, err)
	fmt.Fprintln(&out, "images", slices.Sorted(maps.Keys(images)), "copy", exists(w.path(instance.WorkName+"/unneeded/db/rows")))
	return out.String()
}
