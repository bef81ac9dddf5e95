package e2e_test

import (
	"os"
	"strings"
	"testing"
)

func TestUninstallKeepsDataAndKeys(t *testing.T) {
	t.Parallel()
	i := filled(t)
	keys := i.keys()
	if out := i.run("uninstall", "--dry-run"); out.code != 0 || len(i.containers()) != 1 {
		t.Errorf("a dry run exits %d:\n%s", out.code, out.all())
	}
	if out := i.run("uninstall"); out.code != 0 {
		t.Fatalf("uninstall: %s", out.all())
	}
	if len(i.containers()) != 0 || i.volumes() != 5 || i.keys() != keys {
		t.Error("the container is there, or volumes or keys are not")
	}
	if out := i.run("status"); !strings.Contains(out.stdout, "openalgo-install --dir "+i.dir+" start") || strings.Contains(out.stdout, "threads 0") {
		t.Errorf("status: %s", out.all())
	}
	if out := i.run("start"); out.code != 0 {
		t.Fatalf("start: %s", out.all())
	}
	i.mustHaveData()
	// What an install saved serves as answers, too: the credentials are in .env.
	if err := os.Remove(i.path("docker-compose.yaml")); err != nil {
		t.Fatal(err)
	}
	if out := i.run("--answers", i.path("openalgo-install.yaml")); out.code != 0 || i.read("docker-compose.yaml") == "" {
		t.Errorf("with the saved answers: %s", out.all())
	}
	if out := i.install(0); i.keys() != keys || !strings.Contains(out.stdout, "othing to do") {
		t.Errorf("the keys changed, or the install has something to do:\n%s", out.stdout)
	}
}

func TestPurgeWantsTheName(t *testing.T) {
	t.Parallel()
	i := filled(t)
	for _, args := range [][]string{{"uninstall", "--purge"}, {"uninstall", "--purge=" + i.project}, {"uninstall", "--yes", "--purge=other"}} {
		if out := i.run(args...); out.code != 2 {
			t.Errorf("%v exits %d, want 2:\n%s", args, out.code, out.all())
		}
		i.mustHaveData()
	}
	if out := i.run("uninstall", "--yes", "--purge="+i.project); out.code != 0 {
		t.Fatalf("purge: %s", out.all())
	}
	if len(i.containers()) != 0 || i.volumes() != 0 {
		t.Error("something is left on the engine")
	}
	if _, err := os.Stat(i.dir); !os.IsNotExist(err) {
		t.Errorf("the directory is left:\n%s", snapshot(t, i.dir))
	}
}

func TestStopAndStart(t *testing.T) {
	t.Parallel()
	i := filled(t)
	for _, step := range []struct{ command, state string }{{"stop", "exited"}, {"stop", "exited"}, {"start", "running"}, {"start", "running"}, {"restart", "running"}} {
		if out := i.run(step.command); out.code != 0 {
			t.Fatalf("%s: %s", step.command, out.all())
		}
		if state := i.container().State; state != step.state {
			t.Errorf("after %s the container is %s, want %s", step.command, state, step.state)
		}
	}
	i.mustHaveData()
	if out := i.run("logs", "--tail", "5"); out.code != 0 || !strings.Contains(out.stdout, "listens") {
		t.Errorf("logs: %s", out.all())
	}
}

func TestRehearseLeavesNothing(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.write("")
	out := i.run("--answers", i.answers, "--rehearse")
	if out.code != 0 || !strings.Contains(out.stdout, "/app/db") {
		t.Fatalf("rehearse exits %d:\n%s", out.code, out.all())
	}
	if _, err := os.Stat(i.dir); !os.IsNotExist(err) {
		t.Error("the instance's directory was made")
	}
	if _, err := os.Stat(i.dir + "-rehearsal"); !os.IsNotExist(err) {
		t.Error("the rehearsal's directory is left")
	}
	i.project += "-rehearsal"
	if len(i.containers()) != 0 || i.volumes() != 0 {
		t.Error("something is left on the engine")
	}
}

// Beside a stack that runs on the same ports the rehearsal takes others.
func TestRehearseBesideTheRealOne(t *testing.T) {
	t.Parallel()
	i := filled(t)
	id := i.container().ID
	if out := i.run("--answers", i.answers, "--rehearse"); out.code != 0 {
		t.Fatalf("rehearse exits %d:\n%s", out.code, out.all())
	}
	if i.container().ID != id {
		t.Error("the real stack was touched")
	}
	i.mustHaveData()
}

// A start makes no empty instance in the place of one whose data is gone.
func TestStartWithoutData(t *testing.T) {
	t.Parallel()
	i := filled(t)
	if out := i.run("uninstall"); out.code != 0 {
		t.Fatal(out.all())
	}
	if err := docker.RemoveVolume(t.Context(), i.project+"_openalgo_db"); err != nil {
		t.Fatal(err)
	}
	if out := i.run("start"); out.code != 3 || !strings.Contains(out.stderr, "data of this instance is gone") || len(i.containers()) != 0 {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
}

// Whatever takes OpenAlgo down asks while a market is open; a container that
// is down already may be removed at any time.
func TestDownWhileAMarketIsOpen(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.program = failing
	i.install(0)
	id := i.container().ID
	i.env = append(i.env, "OPENALGO_NOW=2026-11-25T23:50:00+05:30") // MCX, in America's winter
	for _, args := range [][]string{{"stop"}, {"restart"}, {"uninstall"}, {"uninstall", "--yes", "--purge=" + i.project}} {
		out := i.run(args...)
		if out.code != 3 || !strings.Contains(out.stderr, "MCX") || !strings.Contains(out.stderr, "--now") {
			t.Errorf("%v: exit %d, want 3 and the market\n%s", args, out.code, out.all())
		}
		if c := i.container(); c.ID != id || c.State != "running" {
			t.Fatalf("%v: the container is %s", args, c.State)
		}
	}
	for _, args := range [][]string{{"restart", "--now"}, {"stop", "--now"}, {"stop"}, {"uninstall"}} {
		if out := i.run(args...); out.code != 0 {
			t.Errorf("%v: exit %d, want 0\n%s", args, out.code, out.all())
		}
	}
}
