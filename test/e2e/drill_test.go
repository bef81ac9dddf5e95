package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// nothingOfADrill wants neither its container nor its directory.
func (i *instance) nothingOfADrill() {
	i.t.Helper()
	left, err := docker.Containers(i.t.Context(), stacks.LabelCopy+"="+i.dir)
	if err != nil || len(left) > 0 {
		i.t.Errorf("%d containers of a drill are left (%v)", len(left), err)
	}
	if _, err := os.Lstat(i.dir + "-drill"); !os.IsNotExist(err) {
		i.t.Errorf("its directory is left: %v", err)
	}
}

// The newest backup starts beside the instance, without a network, and is gone after
// that. A drill that is killed is removed by the next one.
func TestBackupDrill(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	if out := i.run("backup", "drill"); out.code != 2 || !strings.Contains(out.all(), "no backup") {
		t.Errorf("without a backup: exit %d\n%s", out.code, out.all())
	}
	i.install(0)
	i.addUser()
	file := i.backedUp()
	before := i.container()
	i.program = failing
	i.env = append(i.env, "OPENALGO_FAILPOINT=drill-started:KILL")
	if out := i.run("backup", "drill", "--now"); out.code == 0 {
		t.Fatal("it was not killed", out.all())
	}
	left, err := docker.Containers(t.Context(), stacks.LabelCopy+"="+i.dir)
	if err != nil || len(left) != 1 || len(left[0].Ports) > 0 || len(left[0].Networks) != 1 || left[0].Networks[0] != "none" {
		t.Errorf("the copy: %+v, %v", left, err)
	}
	i.env = i.env[:len(i.env)-1]
	out := i.run("backup", "drill", "--now", "--json")
	if out.code != 0 {
		t.Fatal(out.all())
	}
	lines := strings.Split(strings.TrimSpace(out.stdout), "\n")
	var last struct {
		OK, Changed bool
		Drill       *struct {
			File           string
			AgeSeconds     int64   `json:"age_seconds"`
			RestoreSeconds float64 `json:"restore_seconds"`
		}
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || !last.OK || last.Changed || last.Drill == nil || last.Drill.File != file || last.Drill.RestoreSeconds <= 0 {
		t.Errorf("%v\n%s", err, lines[len(lines)-1])
	}
	if now := i.container(); now.ID != before.ID || !now.StartedAt.Equal(before.StartedAt) {
		t.Error("the instance was touched")
	}
	i.nothingOfADrill()
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "cut.tar.zst"), []byte("cut"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := i.run("backup", "drill", filepath.Join(filepath.Dir(file), "cut.tar.zst"), "--now"); out.code != 2 {
		t.Errorf("a file that is none: exit %d\n%s", out.code, out.all())
	}
	i.nothingOfADrill()
}
