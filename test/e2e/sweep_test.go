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
	i.kill("frozen", "backup", "--now")
	i.kill("backup-db", "backup", "--now", "--stop")
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

// What a killed purge has left is deleted by the next command, whichever that is:
// never is there data without its keys, and an install after it begins from nothing.
func TestPurgeKilled(t *testing.T) {
	t.Parallel()
	for point, next := range map[string]string{"uninstall-container": "install", "uninstall-volume": "install", "uninstall-file": "purge", "uninstall-work": "start"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			i := newInstance(t)
			i.program = failing
			i.install(0)
			keys := i.keys()
			purge := []string{"uninstall", "--yes", "--purge=" + i.project}
			i.kill(point, purge...)
			if _, err := os.Stat(i.path(".env")); err != nil && i.volumes() > 0 {
				t.Error("there is data without its keys")
			}
			if out := i.run("status"); out.code != 0 || strings.Contains(out.stdout, "recreates it") || next != "start" && !strings.Contains(out.stdout, "interrupted") {
				t.Errorf("status: %s", out.all())
			}
			if level, text := i.finding("unfinished"); level == "" || !strings.Contains(text, "interrupted") {
				t.Errorf("doctor says %s %q", level, text)
			}
			switch next {
			case "install":
				i.install(0)
				i.mustBeTidy()
				if i.keys() == keys || i.report().Users != 0 {
					t.Error("it did not begin with new keys and no data")
				}
				return
			case "start":
				if out := i.run("start"); out.code != 3 || !strings.Contains(out.stderr, "there is no OpenAlgo") {
					t.Errorf("start: %s", out.all())
				}
			}
			if out := i.run(purge...); out.code != 0 {
				t.Fatal(out.all())
			}
			if _, err := os.Stat(i.dir); err == nil || i.volumes() > 0 {
				t.Errorf("the directory is there, %v, or some of %d volumes:\n%s", err, i.volumes(), snapshot(t, i.dir))
			}
		})
	}
}

// A killed uninstall is completed first, and OpenAlgo comes back with its data. A
// dry run completes nothing.
func TestUninstallKilled(t *testing.T) {
	t.Parallel()
	i := filled(t)
	i.program = failing
	i.kill("uninstall-container", "uninstall", "--yes")
	if out := i.run("uninstall", "--dry-run"); out.code != 0 {
		t.Error(out.all())
	}
	if _, err := os.Stat(i.path(".openalgo-install/journal.json")); err != nil {
		t.Error("the dry run completed it:", err)
	}
	if out := i.run("start"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustHaveData()
	i.mustBeTidy()
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
