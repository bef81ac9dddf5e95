package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// Several instances share the machine: each gets the row for its part.
func TestResizeAll(t *testing.T) {
	t.Parallel()
	a, b, c := sized(t), sized(t), sized(t)
	for _, i := range []*instance{a, b, c} {
		i.alone(a.project, b.project, c.project)
	}
	idle := a.running().ID
	out := a.resize(0, "--all", "--ram", "16GB", "--cores", "6")
	if !strings.Contains(out.stdout, "of 3 instances were resized") {
		t.Errorf("no summary:\n%s", out.stdout)
	}
	if a.running().ID == idle {
		t.Error("nothing was recreated")
	}
	share := 16384 / 3
	for _, i := range []*instance{a, b, c} {
		i.mustHave(share, 2)
		i.mustHaveData()
		if p := i.planResize("--ram", "16GB", "--cores", "6"); len(p.Changes) != 0 || p.Sizing.RAMMiB != share || p.Sizing.Instances != 3 {
			t.Errorf("the share of one of three: %+v, %v", p.Sizing, p.Changes)
		}
	}
	id := b.container().ID
	a.resize(0, "--ram", "16GB", "--cores", "6")
	if b.container().ID != id {
		t.Error("another instance was touched")
	}
	if out := c.run("stop"); out.code != 0 {
		t.Fatal(out.all())
	}
	if out := c.resize(3, "--ram", "16GB"); !strings.Contains(out.stderr, "start") {
		t.Errorf("a stopped stack:\n%s", out.stderr)
	}
	// Two run: each gets half, and the stopped one is left alone.
	a.resize(0, "--ram", "16GB", "--cores", "6")
	a.mustHave(8192, 3)

	dry := a.run("resize", "--all", "--dry-run", "--json", "--ram", "2GB")
	var doc struct {
		Instances []struct {
			Dir  string
			Plan plan.Plan
		}
	}
	if err := json.Unmarshal([]byte(dry.stdout), &doc); err != nil || len(doc.Instances) != 2 {
		t.Errorf("%d instances, %v\n%s", len(doc.Instances), err, dry.all())
	}
}

// One of them was moved: the others are resized, and it is named.
func TestResizeAllWithOneMoved(t *testing.T) {
	t.Parallel()
	a, b := sized(t), sized(t)
	for _, i := range []*instance{a, b} {
		i.alone(a.project, b.project)
	}
	must(t, os.Rename(a.dir, a.dir+"-moved"))
	before := a.running()
	dry := b.run("resize", "--all", "--dry-run", "--json", "--ram", "16GB", "--cores", "6")
	var doc struct {
		Instances []struct{ Dir string }
		Left      []struct{ Dir, Error string } `json:"left_out"`
	}
	if err := json.Unmarshal([]byte(dry.stdout), &doc); err != nil || len(doc.Instances) != 1 || len(doc.Left) != 1 || doc.Left[0].Dir != a.dir {
		t.Errorf("%v\n%s", err, dry.all())
	}
	out := b.resize(3, "--all", "--ram", "16GB", "--cores", "6")
	out.mustSay(t, "Not resized: "+a.dir, "start")
	b.mustHave(8192, 3)
	if now := a.running(); now.ID != before.ID || !now.StartedAt.Equal(before.StartedAt) {
		t.Error("the moved one was touched")
	}
}

// An engine on another machine has other RAM than this kernel, and its figures
// count.
func TestResizeForTheEnginesMachine(t *testing.T) {
	t.Parallel()
	i := sized(t)
	i.through(engineView{projects: []string{i.project}, info: map[string]any{"MemTotal": 3910 << 20, "NCPU": 2, "Name": "elsewhere"}})
	p := i.planResize()
	want, _ := sizing.Compute(sizing.Machine{RAMMiB: 3910, Cores: 2}, 1, sizing.Overrides{})
	if p.Sizing.Source != sizing.SourceEngine || p.Sizing.RAMMiB != 3910 || p.Sizing.ShmMiB != want.ShmMiB {
		t.Errorf("sized for %+v", p.Sizing)
	}
	if len(p.Changes) == 0 {
		t.Error("nothing would change")
	}
}

// Under a memory limit of this program's own cgroup the limit is what there is.
func TestResizeUnderACgroupLimit(t *testing.T) {
	t.Parallel()
	i := sized(t)
	dir, limit := cgroup(t)
	if err := os.WriteFile(filepath.Join(dir, limit), []byte(fmt.Sprint(5000<<20)), 0o644); err != nil {
		t.Skipf("setting a memory limit: %v", err)
	}
	script := `echo $$ > "$0/cgroup.procs" && exec "$@"`
	args := append([]string{"-c", script, dir}, i.program, "--dir", i.dir, "resize", "--dry-run", "--json")
	cmd := exec.Command("sh", args...)
	cmd.Env = append(os.Environ(), i.env...)
	text, err := cmd.Output()
	var p plan.Plan
	if err != nil || json.Unmarshal(text, &p) != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if p.Sizing.RAMMiB != 5000 || p.Sizing.ShmMiB != 512 || p.Sizing.Source != sizing.SourceHost {
		t.Errorf("sized for %+v, want 5000 MiB", p.Sizing)
	}
}

// cgroup makes a memory cgroup of its own, and names the file of its limit.
func cgroup(t *testing.T) (dir, limit string) {
	t.Helper()
	root, limit := "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
	if _, err := os.Stat(filepath.Join(root, limit)); err != nil {
		root, limit = "/sys/fs/cgroup", "memory.max"
	}
	dir, err := os.MkdirTemp(root, "oae2e")
	if err != nil {
		t.Skipf("making a cgroup: %v", err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	return dir, limit
}
