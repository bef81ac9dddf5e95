package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever a killed backup and a killed edit left is gone after the next
// command, whichever that is.
func TestNextCommandSweeps(t *testing.T) {
	t.Parallel()
	i := backupable(t)
	i.program = failing
	i.kill("backup-db", "backup", "--now")
	partials := func() []string {
		found, err := filepath.Glob(i.dir + "-backups/*.partial")
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if len(partials()) == 0 {
		t.Fatal("the killed backup left no partial archive: nothing is tested")
	}
	work := i.path(".openalgo-install")
	for _, path := range []string{work + "/edit-999999999/.env", work + "/.state.json-1.writing", work + "/backups/.env-1.writing", work + "/snapshot.gone/db/x"} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out := i.run("start"); out.code != 0 {
		t.Fatal(out.all())
	}
	if left := partials(); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	i.mustBeTidy()
	i.mustHaveData()
}

func TestPurgeKilled(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"uninstall-container", "uninstall-volume", "uninstall-file"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			i := newInstance(t)
			i.program = failing
			i.install(0)
			purge := []string{"uninstall", "--yes", "--purge=" + i.project}
			i.kill(point, purge...)
			if _, err := os.Stat(i.path(".env")); err != nil && i.volumes() > 0 {
				t.Error("there is data without its keys")
			}
			if out := i.run(purge...); out.code != 0 {
				t.Fatal(out.all())
			}
			if _, err := os.Stat(i.dir); err == nil || i.volumes() > 0 {
				t.Errorf("the directory is there, %v, or some of %d volumes", err, i.volumes())
			}
		})
	}
}

// A file that cannot be replaced is found before OpenAlgo is stopped.
func TestPreflightImmutableFile(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	env := i.path(".env")
	if out, err := exec.Command("chattr", "+i", env).CombinedOutput(); err != nil {
		t.Skipf("no file can be made immutable here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("chattr", "-i", env).Run() })
	before, at := i.read(".env"), i.startedAt(i.container().ID)
	for _, args := range [][]string{{"set", "LOG_LEVEL=DEBUG", "--now"}, {"backup", "--now"}, {"uninstall", "--yes", "--purge=" + i.project}} {
		out := i.run(args...)
		if out.code != 3 || !strings.Contains(out.stderr, "chattr -i") {
			t.Errorf("%v: exit %d, want 3\n%s", args, out.code, out.all())
		}
	}
	if i.read(".env") != before || !i.startedAt(i.container().ID).Equal(at) {
		t.Error(".env changed, or OpenAlgo was restarted")
	}
	i.mustBeReady()
}
