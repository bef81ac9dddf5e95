package world

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// An instance, another one of the same project, and one of another directory.
func TestLookAtContainers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	own := b.stack("openalgo", string(b.dir), "openalgo:1", func(s *engine.ContainerSpec) {
		s.Ports = []engine.PortBinding{{HostPort: 5000, ContainerPort: openalgo.WebPort}}
	})
	elses := filepath.Join(b.root, "elses")
	stranger := b.stack("openalgo", elses, "openalgo:1", func(s *engine.ContainerSpec) { s.Name = "openalgo-strange" })
	b.stack("second", filepath.Join(b.root, "second"), "openalgo:1", nil)
	_, err := b.docker.Create(t.Context(), engine.ContainerSpec{Name: "unrelated", Config: engine.Config{Image: "openalgo:1"}})
	must(t, err)
	_, err = b.docker.CreateNetwork(t.Context(), engine.NetworkSpec{Name: "openalgo_default"})
	must(t, err)

	o := b.look()
	if o.Project != "openalgo" || !o.Now.Equal(at) || !o.Networks["openalgo_default"] || len(o.Volumes) != 2 {
		t.Errorf("%s, %v, %v, %v", o.Project, o.Now, o.Networks, o.Volumes)
	}
	if c := o.Container(); c == nil || c.ID != own.ID || !o.Owns(own) || o.Owns(stranger) {
		t.Errorf("its container is %v", o.Container())
	}
	if len(o.Strangers) != 1 || o.Strangers[0].ID != stranger.ID || len(o.All) != 3 || len(o.Every) != 4 {
		t.Errorf("%d strangers, %d of OpenAlgo, %d in all", len(o.Strangers), len(o.All), len(o.Every))
	}
	if o.Whose[own.ID] != stacks.Own || o.Whose[stranger.ID] != stacks.Anothers || !o.Here(string(b.dir)) || !o.Elses(elses) || o.MovedFrom() != "" {
		t.Errorf("%v, %v", o.Whose, o.Dirs)
	}
	if o.PublishedBy(5000) != "the container "+own.Name || o.PublishedBy(5001) != "" || o.OthersRunning() != 1 {
		t.Errorf("port 5000 is of %q, and %d others run", o.PublishedBy(5000), o.OthersRunning())
	}
	if !slices.Equal(o.Data, []string{"openalgo_openalgo_db"}) || o.StaysOn("openalgo:2") {
		t.Errorf("its data is in %v", o.Data)
	}
	if len(o.KeysAt) != 1 || o.KeysAt[0].Kind != PreviousDir || o.KeysAt[0].Container != stranger.Name {
		t.Errorf("its keys are at %+v", o.KeysAt)
	}
}

// The directory was moved: its container was created for a place that is gone.
func TestLookAtAMovedDirectory(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	before := filepath.Join(b.root, "before")
	b.stack("openalgo", before, "openalgo:1", nil)
	must(t, os.RemoveAll(before))
	b.write(b.dir.Env(), "A = 'b'\n")
	if o := b.look(); o.MovedFrom() != before || o.Whose[o.Container().ID] != stacks.Orphan {
		t.Errorf("moved from %q, %v", o.MovedFrom(), o.Whose)
	}
}

func TestLookAtFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write(b.dir.Env(), "COMPOSE_PROJECT_NAME = 'mine'\n")
	b.write(b.dir.Path(compose.FileName), "name: other\nservices:\n  openalgo:\n    image: openalgo:1\n    volumes:\n      - ./data:/app/db\n")
	b.write(b.dir.Path("docker-compose.override.yaml"), "services: {}\n")
	b.write(b.dir.Path("compose.yml"), "services: {}\n")
	b.write(b.dir.Path("data/openalgo.db"), "rows")
	b.write(b.dir.Path("db/openalgo.db"), "rows")
	o := b.look()
	if o.Project != "mine" || o.FileProject != "mine" || o.Override == nil || len(o.Overrides) != 1 || len(o.Host.Rivals) != 1 || !o.HasDB {
		t.Errorf("%q, %v, %v, %v", o.Project, o.Override, o.Host.Rivals, o.HasDB)
	}
	if !slices.Equal(o.Data, []string{b.dir.Path("data")}) || o.Unread != nil {
		t.Errorf("data is in %v (%v)", o.Data, o.Unread)
	}
	if len(o.Host.Unreplaceable) > 0 || o.Host.Unwritable != nil || o.Host.Disks[b.root].TotalMiB == 0 {
		t.Errorf("%+v", o.Host)
	}

	b.write(b.dir.Env(), "")
	if o := b.look(); o.Project != "other" {
		t.Errorf("by the Compose file it is called %q", o.Project)
	}
	b.write(b.dir.Path(compose.FileName), "services: [\n")
	must(t, b.dir.SaveState(instance.State{Project: "last"}))
	if o := b.look(); o.Project != "last" || o.Unread == nil {
		t.Errorf("by the last run it is called %q (%v)", o.Project, o.Unread)
	}
}

func TestWhatCannotBeLookedAt(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(b *bench){
		"a file":          func(b *bench) { must(b.T, os.RemoveAll(string(b.dir))); b.write(string(b.dir), "") },
		"no name":         func(b *bench) { b.dir = instance.Dir(filepath.Join(b.root, "___")) },
		".env":            func(b *bench) { b.write(b.dir.Env(), "A = '\xff'\x00\n") },
		"a directory":     func(b *bench) { must(b.T, os.Mkdir(b.dir.Env(), 0o755)) },
		"a later state":   func(b *bench) { b.write(b.dir.Work("state.json"), `{"version": 99}`) },
		"silent Docker":   func(b *bench) { b.docker.Away = func() bool { return true } },
		"silent volumes":  func(b *bench) { n := 0; b.docker.Away = func() bool { n++; return n == 2 } },
		"silent networks": func(b *bench) { n := 0; b.docker.Away = func() bool { n++; return n == 3 } },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			prepare(b)
			if o, err := b.looker().Look(t.Context(), false); err == nil {
				t.Errorf("%+v", o)
			}
		})
	}
}

// Another tool's stack counts once it is taken over.
func TestLookToAdopt(t *testing.T) {
	t.Parallel()
	foreign := func(b *bench, env string) {
		b.stack("theirs", string(b.dir), "openalgo:1", func(s *engine.ContainerSpec) {
			s.Name, s.Labels = "web", map[string]string{compose.LabelProject: "theirs", compose.LabelWorkingDir: string(b.dir)}
			s.Mounts[1].Source = env
		})
	}
	b := newBench(t)
	if _, err := b.looker().Look(t.Context(), true); err == nil {
		t.Error("without .env")
	}
	b.write(b.dir.Env(), "A = 'b'\n")
	if _, err := b.looker().Look(t.Context(), true); err == nil {
		t.Error("without a container")
	}
	foreign(b, b.dir.Env())
	if o := b.look(); o.Container() != nil {
		t.Errorf("it counts at once: %v", o.Container())
	} else if o.FindByMount(); o.Container() == nil {
		t.Error("it is not found by what it mounts")
	}
	l := b.looker()
	o, err := l.Look(t.Context(), true)
	must(t, err)
	if o.Container() == nil || o.Project != "theirs" {
		t.Errorf("%q, %v", o.Project, o.Container())
	}
	must(t, l.LookAtMade(t.Context(), o))
	if !slices.Equal(o.Made.ImageEnv, []string{"PATH=/bin"}) {
		t.Errorf("%+v", o.Made)
	}

	b = newBench(t)
	other := filepath.Join(b.root, "other.env")
	b.write(other, "")
	foreign(b, other)
	if _, err := b.looker().Look(t.Context(), true); err == nil || !strings.Contains(err.Error(), "does not mount") {
		t.Errorf("with another .env: %v", err)
	}

	b = newBench(t)
	b.write(b.dir.Env(), "A = 'b'\n")
	b.stack("panel", string(b.dir), "openalgo:1", func(s *engine.ContainerSpec) {
		s.Labels[compose.LabelWorkingDir] = string(b.dir)
		s.Mounts = slices.DeleteFunc(s.Mounts, func(m engine.Mount) bool { return m.Target == openalgo.Env })
	})
	if _, err := b.looker().Look(t.Context(), true); finding.IDOf(err) != "env-in-container" {
		t.Errorf("without a .env in the container: %v", err)
	}
}

func TestStacksOfAnEngine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.stack("openalgo", string(b.dir), "openalgo:1", func(s *engine.ContainerSpec) {
		s.Ports = []engine.PortBinding{{HostIP: "127.0.0.1", HostPort: 5007, ContainerPort: openalgo.WebPort}}
	})
	down := b.stack("down", filepath.Join(b.root, "down"), "openalgo:1", nil)
	must(t, b.docker.Stop(t.Context(), down.ID, 0))
	if dirs, err := Dirs(t.Context(), b.docker); err != nil || !slices.Equal(dirs, []string{string(b.dir)}) {
		t.Errorf("%v, %v", dirs, err)
	}
	if n, err := Running(t.Context(), b.docker); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	if url := URLOf(EnvOf(string(b.dir)), c); url != "http://127.0.0.1:5007" {
		t.Error(url)
	}
	b.write(b.dir.Env(), "HOST_SERVER = 'https://oa.example.com'\n")
	if url := URLOf(EnvOf(string(b.dir)), c); url != "https://oa.example.com" {
		t.Error(url)
	}
	b.docker.Away = func() bool { return true }
	if _, err := Dirs(t.Context(), b.docker); err == nil {
		t.Error("a Docker that does not answer has stacks")
	}
	if _, err := Running(t.Context(), b.docker); err == nil {
		t.Error("a Docker that does not answer has stacks")
	}
}

func TestAnotherDocker(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]bool{"unix:///nowhere.sock": false, "tcp://192.0.2.1:2376": true} {
		b := newBench(t)
		must(t, b.dir.SaveState(instance.State{Project: "openalgo", Engine: instance.EngineRef{ID: "other", Endpoint: endpoint}}))
		if o := b.look(); o.ElsewhereAnswers != want {
			t.Errorf("%s answers: %v", endpoint, o.ElsewhereAnswers)
		}
	}
}

func TestLookAtRemovable(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.stack("openalgo", string(b.dir), "openalgo:1", func(s *engine.ContainerSpec) {
		must(t, os.Mkdir(b.dir.Path("db"), 0o755))
		s.Mounts[0] = engine.Mount{Type: "bind", Source: b.dir.Path("db"), Target: openalgo.DB}
	})
	must(t, os.Mkdir(b.dir.Path("log"), 0o755)) // somebody's: nothing mounts it
	for name, project := range map[string]string{"openalgo_default": "openalgo", "other_default": "other"} {
		_, err := b.docker.CreateNetwork(t.Context(), engine.NetworkSpec{Name: name, Labels: map[string]string{compose.LabelProject: project}})
		must(t, err)
	}
	must(t, instance.Own(b.dir).Write(instance.JournalName, []byte("{}")))
	o := b.look()
	must(t, b.looker().LookAtRemovable(t.Context(), o))
	r := o.Removable
	if !slices.Equal(r.Networks, []string{"openalgo_default"}) || !slices.Equal(r.Directories, []string{"db"}) || !r.Work || !r.Interrupted || r.Archives != "" {
		t.Errorf("%+v", r)
	}
	b.docker.Away = func() bool { return true }
	if err := b.looker().LookAtRemovable(t.Context(), o); err == nil {
		t.Error("a Docker that does not answer has networks")
	}
}

// A stack of another tool, whose Compose file has another name.
func TestLookAtForeign(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write(b.dir.Path("compose.yaml"), "name: theirs\n")
	b.stack("theirs", string(b.dir), "openalgo:1", func(s *engine.ContainerSpec) {
		s.Labels = map[string]string{compose.LabelProject: "theirs", compose.LabelWorkingDir: string(b.dir), compose.LabelFiles: "/etc/other.yaml," + b.dir.Path("compose.yaml")}
	})
	o := b.look()
	must(t, LookAtForeign(b.looker(), o))
	if !o.Foreign || o.Project != "theirs" || o.ComposeName != "compose.yaml" || string(o.ComposeText) != "name: theirs\n" {
		t.Errorf("%v, %q, %q, %q", o.Foreign, o.Project, o.ComposeName, o.ComposeText)
	}
	if dirs, err := Adoptable(t.Context(), b.docker); err != nil || !slices.Equal(dirs, []string{string(b.dir)}) {
		t.Errorf("%v, %v", dirs, err)
	}
	must(t, b.dir.SaveState(instance.State{Project: "theirs"}))
	if dirs, err := Adoptable(t.Context(), b.docker); err != nil || dirs != nil {
		t.Errorf("its own: %v, %v", dirs, err)
	}
	o = b.look()
	must(t, LookAtForeign(b.looker(), o))
	if o.Foreign || o.ComposeName != compose.FileName {
		t.Errorf("its own: %v, %q", o.Foreign, o.ComposeName)
	}
}

func TestLookAtKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	l := b.looker()
	kept := func() Kept {
		o := &Observation{State: instance.State{Project: "openalgo"}}
		LookAtKept(t.Context(), l, o)
		return *o.Kept
	}
	if k := kept(); k.Err == nil {
		t.Errorf("of no upgrade: %+v", k)
	}
	own := instance.Own(b.dir)
	must(t, own.Make(instance.Snapshot+"/db"))
	must(t, own.Write(instance.Snapshot+"/db/openalgo.db", []byte("rows")))
	must(t, own.Write(instance.Snapshot+"/"+instance.EnvName, []byte("A = 'b'\n")))
	write := func(m backup.Manifest) {
		text, err := json.Marshal(m)
		must(t, err)
		must(t, own.Write(instance.Snapshot+"/"+backup.CopyManifest, text))
	}
	m := backup.Manifest{Image: backup.Image{Ref: "openalgo:1", ID: "sha256:openalgo:1"}, Trees: []backup.Tree{{Name: "db", Bytes: 4}}}
	write(m)
	if k := kept(); k.Err != nil || k.Bytes != 4 || k.Image.Ref != "openalgo:1" || string(k.Files[instance.EnvName]) != "A = 'b'\n" {
		t.Errorf("%+v", k)
	}
	m.Image.Ref = "openalgo:moved"
	write(m)
	if k := kept(); !k.Image.Untagged || !strings.HasPrefix(k.Image.Ref, "openalgo:") {
		t.Errorf("its tag is gone: %+v", k.Image)
	}
	m.Image.ID, m.Image.Digest = "sha256:gone", "sha256:d1"
	write(m)
	if k := kept(); k.Image.Ref != "openalgo@sha256:d1" {
		t.Errorf("the image is gone: %+v", k.Image)
	}
	m.Trees[0].Bytes = 5
	write(m)
	if k := kept(); k.Err == nil {
		t.Errorf("it is not whole: %+v", k)
	}
	must(t, own.Write(instance.Snapshot+"/"+backup.CopyManifest, []byte("{")))
	if k := kept(); k.Err == nil {
		t.Errorf("it is damaged: %+v", k)
	}
}

func TestLookAtArchive(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := filepath.Join(b.root, "other")
	c := b.stack("other", other, "openalgo:1", nil)
	b.write(filepath.Join(other, ".env"), "HOST_SERVER = 'https://oa.example.com'\n")
	o := b.look()
	LookAtArchive(t.Context(), b.looker(), o, nil, instance.State{ImageRef: "openalgo:none"}, backup.Manifest{})
	if o.Backup.Served["oa.example.com"] != c.Name || o.Backup.Image == nil || o.Backup.Salt != "" {
		t.Errorf("%+v", o.Backup)
	}
}
