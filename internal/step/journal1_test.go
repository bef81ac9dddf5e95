package step_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
	_ "github.com/marketcalls/openalgo-install/internal/step/journal1" // reads them
)

var update = flag.Bool("update", false, "write the golden files again")

// describe is a journal, one line a step.
func describe(j *run.Journal) string {
	var out strings.Builder
	fmt.Fprintln(&out, j.Command, j.Phase, "done:", strings.Join(j.DoneParts(), " "))
	for _, e := range slices.Concat(j.Steps, j.Commit) {
		fmt.Fprintf(&out, "%-6s %s: %s\n", e.State, e.Kind, e.Cause)
	}
	return out.String()
}

// Journals that releases before this form left, killed at their failpoints, become
// these steps.
func TestJournalsOfTheFormerForm(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/journal1/*.json")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		j, err := run.Parse("/opt/openalgo", text)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		golden := strings.TrimSuffix(file, ".json") + ".txt"
		if *update {
			must(t, os.WriteFile(golden, []byte(describe(j)), 0o644))
		}
		if want := read(golden); describe(j) != want {
			t.Errorf("%s becomes\n%s\nand not\n%s", file, describe(j), want)
		}
	}
}

// asEarlier writes the journal as a release before this form would have written it,
// from what is on the disk.
func (w *world) asEarlier() {
	w.t.Helper()
	path := w.path(".openalgo-install/journal.json")
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return
	}
	must(w.t, err)
	var j struct {
		Command string
		Started string
		Engine  string
		Phase   string
		Steps   []entry
		Commit  []entry
	}
	must(w.t, json.Unmarshal(text, &j))
	old := fields{"command": j.Command, "started": j.Started, "engine": j.Engine, "project": project, "state": fields{}, "verified": j.Phase == "commit" && j.Command != "backup"}
	var files, owners, replaced []fields
	var done, networks, aside, moved []string
	work := w.path(".openalgo-install/")
	abs := func(path any) string { return run.Path(fmt.Sprint(path)).At(instance.Dir(w.dir)) }
	file := func(s fields, name any) fields {
		f := fields{"name": name, "former": s["former"], "sha256": s["sha256"], "keys": s["keys"], "back": s["back"], "earlier": s["earlier"]}
		if s["backup"] != nil {
			f["backup"] = filepath.Join(work, "backups", fmt.Sprint(s["backup"]))
		}
		files = slices.DeleteFunc(files, func(f fields) bool { return f["name"] == name })
		return f
	}
	copied := func(s fields) fields {
		c := fields{"data": abs(s["data"]), "copy": filepath.Join(work, fmt.Sprint(s["base"]), fmt.Sprint(s["tree"])), "kept": filepath.Join(work, "aside", "x", "db")}
		for _, key := range []string{"whole", "moved", "back", "renaming", "left"} {
			c[key] = s[key]
		}
		return c
	}
	for n, e := range j.Steps {
		s := e.Step
		if e.State == "done" && (n+1 == len(j.Steps) || j.Steps[n+1].Part != e.Part) {
			done = append(done, e.Part)
		}
		began := e.State != ""
		switch {
		case e.Kind == "container.create":
			old["new_name"], old["container"], old["new_id"] = s["name"], s["final"], s["id"]
		case e.Kind == "container.stop":
			old["old"] = fields{"id": s["id"], "name": s["name"], "running": s["running"], "began": s["began"], "stopping": began}
		case e.Kind == "container.start" && s["was_down"] == true:
			old["only_started"] = s["id"]
			if began {
				done = append(done, "resources")
			}
		case e.Kind == "verify":
			old["state"].(fields)["setup_done"] = s["setup_done"]
		case e.Kind == "file.aside":
			aside = append(aside, fmt.Sprint(s["name"]))
		case !began:
		case e.Kind == "file.keep", e.Kind == "file.write":
			files = append(files, file(s, s["name"]))
		case e.Kind == "env.write":
			files = append(files, file(s, ".env"))
			old["state"].(fields)["salt"], old["state"].(fields)["foreign"], old["state"].(fields)["image_id"] = s["salt"], s["foreign"], s["image"]
		case e.Kind == "network.create" && s["made"] == true:
			networks = append(networks, fmt.Sprint(s["name"]))
		case e.Kind == "volume.create":
			old["made_volumes"] = true
			if s["moved"] == true {
				moved = append(moved, fmt.Sprint(s["name"]))
			}
		case e.Kind == "data.keep" && s["base"] == instance.Snapshot && s["data"] != nil:
			old["snapshot"] = copied(s)
		case e.Kind == "data.keep" && s["whole"] == true:
			replaced = append(replaced, copied(s))
		case e.Kind == "data.fill", e.Kind == "container.start":
			old["starting"] = true
		case e.Kind == "owner.give":
			for _, f := range s["files"].([]any) {
				o := f.(map[string]any)
				owners = append(owners, fields{"dir": abs(s["dir"]), "name": o["name"], "uid": o["uid"], "gid": o["gid"]})
			}
		case e.Kind == "site.serve":
			var list []fields
			known, _ := s["files"].([]any)
			for _, f := range known {
				m := f.(map[string]any)
				list = append(list, file(m, abs(m["path"])))
			}
			old["edge"] = fields{"state": s["site"], "files": list}
		}
	}
	for _, e := range j.Commit {
		if e.Kind == "site.remove" && old["edge"] != nil {
			old["edge"].(fields)["gone"], old["edge"].(fields)["gone_from"] = []string{abs(e.Step["files"].([]any)[0])}, e.Step["site"]
		}
	}
	old["files"], old["owners"], old["replaced"], old["done"], old["networks"], old["aside"], old["moved_into"] = files, owners, replaced, done, networks, aside, moved
	text, err = json.Marshal(old)
	must(w.t, err)
	must(w.t, os.WriteFile(path, text, 0o600))
}

type fields map[string]any

type entry struct {
	Kind, Part, State string
	Step              fields
}

// A run that a release before this form began, and that was killed at any point,
// is completed or undone by the steps of this one.
func TestKilledBeforeAnUpdateOfThisProgram(t *testing.T) {
	t.Parallel()
	for name, s := range situations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if os.Geteuid() != 0 && name == "adopt" {
				t.Skip("owners are changed by root")
			}
			if strings.HasPrefix(name, "uninstall") || strings.HasPrefix(name, "purge") {
				t.Skip("it had no journal then")
			}
			if slices.Contains([]string{"frozen backup", "set that compiles", "clean", "install with swap", "set that closes", "set that moves"}, name) {
				t.Skip("it had no such step then")
			}
			m := &matrix{situation: s, t: t}
			points := m.measure()
			for at := 1; at <= points && !t.Failed(); at++ {
				w := m.world()
				_, _ = w.killAt(at, func() error { return run.Run(t.Context(), w.tools(), m.plan(w)) })
				w.asEarlier()
				if err := w.recovered(); err != nil {
					t.Errorf("killed at %d: %v\n%s", at, err, strings.Join(w.points, "\n"))
				} else {
					m.look(w, at, 0)
				}
				w.close()
			}
			t.Logf("%d runs", m.runs)
		})
	}
}
