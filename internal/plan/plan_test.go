package plan

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/answers"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/ports"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// A case of testdata/plans is an observation, as a patch of one of testdata/worlds,
// an intent, and the plan that follows from them. `go test -update` writes the
// plans again, and the worlds that a plan leads to.
var update = flag.Bool("update", false, "write the golden files again")

const (
	plansDir  = "testdata/plans"
	worldsDir = "testdata/worlds"
)

func TestPlans(t *testing.T) {
	time.Local = time.UTC
	makeWorlds(t)
	cases, err := os.ReadDir(plansDir)
	if err != nil || len(cases) < 60 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	for _, c := range cases {
		t.Run(c.Name(), func(t *testing.T) {
			dir := filepath.Join(plansDir, c.Name())
			o := readCase(t, filepath.Join(dir, "observation.json"))
			i := readIntent(t, filepath.Join(dir, "intent.yaml"), o)
			prepare(o, i)
			p, err := makePlan(o, i)
			got := ""
			if p != nil {
				got = lines(p)
			}
			if err != nil {
				got = fmt.Sprintf("%s, %s: %s\n", finding.KindOf(err), finding.IDOf(err), finding.Prompt{Dir: string(o.Dir), Sudo: true}.Text(err))
			}
			golden(t, filepath.Join(dir, "plan.txt"), got)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil || got != string(want) {
		t.Errorf("%s: %v\ngot:\n%s\nwant:\n%s", name, err, got, want)
	}
}

// resolved is the text of an observation: that of a file, or where it says
// {"world": name, ...}, that world with what differs from it.
func resolved(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var of struct{ World string }
	if err := json.Unmarshal(text, &of); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if of.World == "" {
		return text
	}
	text, err = patched(resolved(t, filepath.Join(worldsDir, of.World+".json")), text)
	if err == nil {
		text, err = patched(text, []byte(`{"world": null}`))
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return text
}

func readCase(t *testing.T, name string) *world.Observation {
	t.Helper()
	text := resolved(t, name)
	var from any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&from); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	o := &world.Observation{}
	if err := decode(reflect.ValueOf(o).Elem(), from); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if o.EnvText != nil {
		env, err := envfile.Parse(o.EnvText)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		o.Env = env
	}
	o.Take(o.Every)
	return o
}

// prepare does for an intent what a look at the world does for it.
func prepare(o *world.Observation, i Intent) {
	o.Random, o.NewSalt = bytes.Repeat([]byte{7}, keys.Random), "salt"
	if i.Adopts() || i.Size.Rule != AsFile {
		o.FindByMount()
		if c := o.Container(); c != nil && c.Labels["com.docker.compose.project"] != "" {
			o.Project = c.Labels["com.docker.compose.project"]
		}
	}
}

// enums are the words that intents have for numbers.
var enums = map[string]int{"theirs": int(Theirs), "ofBackup": int(OfBackup), "copied": int(Copied), "toVolumes": int(ToVolumes),
	"replace": int(Replace), "gone": int(Gone), "up": int(Up), "down": int(Down), "again": int(Again), "archived": int(Archived), "scheduled": int(Scheduled), "unscheduled": int(Unscheduled), "cleaned": int(Cleaned), "due": int(Due), "dueForced": int(DueForced)}

// readIntent reads an intent. Answers are as in an answers file, without their
// version; Env has settings by their names; Backup is a world, with what differs.
func readIntent(t *testing.T, name string, o *world.Observation) Intent {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Command string
		Answers map[string]any
		Image   map[string]any
		Env     struct {
			Set    map[string]string
			Unset  []string
			Whole  string
			Edits  map[string]any // of the file, as an editor would make them
			Broker string
		}
		Files, Data string
		Run         string
		Daily       string
		Purge       bool
		Leftovers   bool
		Size        struct {
			Rule          string
			RAMMiB, Cores int
		}
		Instances int
		Rehearsal bool
		Backup    map[string]any
		AutoPorts bool
	}
	d := yaml.NewDecoder(bytes.NewReader(content))
	d.KnownFields(true)
	if err := d.Decode(&doc); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	i := Intent{Command: doc.Command, Files: Files(enums[doc.Files]), Data: Data(enums[doc.Data]), Instances: doc.Instances, Rehearsal: doc.Rehearsal,
		Run: Run(enums[doc.Run]), Daily: doc.Daily, Purge: doc.Purge, Leftovers: doc.Leftovers,
		Size: Size{Rule: SizeRule(enums[doc.Size.Rule]), RAMMiB: doc.Size.RAMMiB, Cores: doc.Size.Cores}}
	i.Answers = answersIn(t, doc.Answers)
	if o.Env != nil && doc.Answers["broker"] == nil {
		settings.ReadCredentials(&i.Answers, o.Env)
	}
	i.Answers.Ports.AutoWeb, i.Answers.Ports.AutoWebSocket = doc.AutoPorts, doc.AutoPorts
	if doc.Image != nil {
		if err := decode(reflect.ValueOf(&i.Image).Elem(), asJSON(t, doc.Image)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(doc.Env.Set)) {
		i.Env.Set = append(i.Env.Set, settings.Var{Key: key, Value: secret.New(doc.Env.Set[key])})
	}
	i.Env.Unset, i.Env.Broker = doc.Env.Unset, doc.Env.Broker
	if doc.Env.Edits != nil {
		doc.Env.Whole = joined(merged(text(string(o.EnvText)), doc.Env.Edits))
	}
	if doc.Env.Whole != "" {
		if i.Env, err = settings.EditOf(o.EnvText, []byte(doc.Env.Whole)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if err := i.Env.Apply(&i.Answers); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if doc.Backup != nil {
		i.Backup = backupIn(t, filepath.Dir(name), doc.Backup)
	}
	return i
}

// answersIn are answers, by default those of a first install with Zerodha.
func answersIn(t *testing.T, given map[string]any) answers.Answers {
	t.Helper()
	doc := map[string]any{"version": 1, "broker": map[string]any{"name": "zerodha"}, "image": map[string]any{"ref": "openalgo:1"}}
	maps.Copy(doc, given)
	text, err := yaml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	a, problems := answers.ParseSaved(text)
	if len(problems) > 0 {
		t.Fatalf("answers: %v", problems)
	}
	a.Broker.APIKey, a.Broker.APISecret = secret.New("key123"), secret.New("secret123")
	return a
}

// backupIn is a backup of a world.
func backupIn(t *testing.T, dir string, doc map[string]any) *Restoring {
	t.Helper()
	world, _ := doc["world"].(string)
	o := readCase(t, filepath.Join(worldsDir, world+".json"))
	r := &Restoring{Files: map[string][]byte{instance.EnvName: o.EnvText, "docker-compose.yaml": o.ComposeText, instance.AnswersName: o.AnswersText}, Env: o.Env, State: o.State}
	delete(doc, "world")
	edits, _ := doc["edits"].(map[string]any)
	delete(doc, "edits")
	for name, change := range edits {
		lines, ok := text(string(r.Files[name])).([]any)
		if !ok {
			t.Fatalf("%s: backup: no text %s", dir, name)
		}
		r.Files[name] = []byte(joined(merged(lines, change)))
	}
	more, _ := doc["files"].(map[string]any)
	delete(doc, "files")
	for name, content := range more {
		r.Files[name] = []byte(fmt.Sprint(content))
	}
	if err := decode(reflect.ValueOf(r).Elem(), asJSON(t, doc)); err != nil {
		t.Fatalf("%s: backup: %v", dir, err)
	}
	return r
}

// asJSON is what YAML gave, as JSON has it.
func asJSON(t *testing.T, from any) any {
	t.Helper()
	text, err := json.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// makeWorlds writes the worlds that a plan leads to.
func makeWorlds(t *testing.T) {
	t.Helper()
	if !*update {
		return
	}
	for world, from := range map[string]string{"runs": "empty", "served": "empty"} {
		o := readCase(t, filepath.Join(worldsDir, from+".json"))
		o.Random, o.NewSalt = bytes.Repeat([]byte{7}, keys.Random), "salt"
		i := readIntent(t, filepath.Join(worldsDir, world+".yaml"), o)
		p, err := makePlan(o, i)
		if err != nil {
			t.Fatal(err)
		}
		after := applied(t, o, p)
		after.Random, after.NewSalt = nil, "" // each case draws its own
		text, err := json.MarshalIndent(encoded(reflect.ValueOf(after).Elem()), "", "  ")
		if err == nil {
			err = os.WriteFile(filepath.Join(worldsDir, world+".json"), append(text, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// applied is the world once a plan of a first install is carried out.
func applied(t *testing.T, o *world.Observation, p *Plan) *world.Observation {
	t.Helper()
	env, err := envfile.Parse(p.Env.Text)
	if err != nil {
		t.Fatal(err)
	}
	for key, sign := range map[string]string{keys.AppKey: "1a", keys.Pepper: "2b", keys.FernetSalt: "3c"} {
		set := env.Set
		if key == keys.FernetSalt {
			set = func(key, value string) error { return env.SetAfter(keys.Pepper, key, value) }
		}
		if err := set(key, strings.Repeat(sign+"7e0f9d", 8)); err != nil {
			t.Fatal(err)
		}
	}
	b := *o
	b.Env, b.EnvText, b.ComposeText, b.AnswersText = env, env.Bytes(), p.ComposeText, p.AnswersText
	b.State = instance.State{Project: o.Project, Salt: "x", ComposeSHA256: settings.Sum(p.ComposeText), ImageRef: p.Stack.Image, ImageID: p.ImageID, SetupDone: true,
		Engine: world.RefOf(o.Engine), FernetSalt: instance.SaltUsed, SeenBy: o.Engine.ID}
	if p.Edge != nil {
		b.State.Edge = p.Edge.State
	}
	settings.Remember(&b.State, o.NewSalt, p.Env.Settings, p.Env.Left)
	b.State.RememberKeys(env)
	spec := p.Stack.Spec(p.ImageID)
	c := docker.Container{ID: "c1", Name: p.Stack.ContainerName(), Image: p.Stack.Image, ImageID: p.ImageID, State: "running", StartedAt: o.Now.Add(-24 * time.Hour),
		Labels: spec.Labels, Env: spec.Env, Ports: spec.Ports, ShmBytes: spec.Host.ShmSize, User: "1000"}
	for _, m := range spec.Mounts {
		if m.Type == "volume" {
			m.Name = m.Source
		}
		c.Mounts = append(c.Mounts, m)
	}
	b.Every, b.All, b.Containers, b.Strangers = []docker.Container{c}, nil, nil, nil
	b.Whose = map[string]stacks.Whose{"c1": stacks.Own}
	b.Dirs = map[string]world.Directory{string(o.Dir): {Here: true, HasEnv: true}}
	b.Envs = map[string]world.EnvFile{o.Dir.Env(): {Same: true, Here: true}}
	b.Volumes, b.Networks, b.Data = map[string]docker.Volume{}, map[string]bool{}, []string{o.Project + "_openalgo_db"}
	for _, v := range p.Stack.Volumes {
		labels := maps.Clone(v.Spec.Labels)
		labels[stacks.LabelDir] = string(o.Dir)
		b.Volumes[v.Spec.Name] = docker.Volume{Name: v.Spec.Name, Labels: labels}
	}
	for _, n := range p.Stack.Networks {
		b.Networks[n.Spec.Name] = true
	}
	return &b
}

// makePlan works out, from what a command wants and the world as observed, what
// has to change: draft and finish in one, where what a draft asks is answered.
func makePlan(o *world.Observation, i Intent) (*Plan, error) {
	if i.Run != Changed {
		return ForContainer(o, i)
	}
	o = Basis(o, i)
	if !i.Resizes() {
		if err := ports.Choose(o, &i.Answers); err != nil {
			return nil, err
		}
	}
	p, err := Draft(o, i)
	if err != nil {
		return nil, err
	}
	return p, p.Finish(o)
}
