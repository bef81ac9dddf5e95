package e2e_test

import (
	"strings"
	"testing"
)

// TestJourneyOfAnInstall takes OpenAlgo through the commands of its life, each
// of which leaves it ready, with its keys and accounts.
func TestJourneyOfAnInstall(t *testing.T) {
	t.Parallel()
	i, repository, config := upgradable(t)
	keys, users := i.keys(), i.users()
	do := func(args ...string) outcome {
		t.Helper()
		out := i.run(args...)
		if out.code != 0 {
			t.Fatalf("%v exits %d\n%s", args, out.code, out.all())
		}
		i.mustBeReady()
		if i.keys() != keys || i.users() != users {
			t.Fatalf("%v: other keys, or the accounts %s, were %s", args, i.users(), users)
		}
		return out
	}
	do("--answers", i.answers).mustTell(t, "Nothing to do")
	do("status").mustTell(t, "ready")
	if out := do("doctor"); strings.Contains(out.stdout, "FAIL") {
		t.Error(out.stdout)
	}
	do("set", "LOG_LEVEL=DEBUG", "--now")
	do("resize", "--ram", "8GB", "--cores", "2", "--now", "--yes")
	do("backup", "--now", "--to", t.TempDir())

	other := newInstance(t)
	if out := other.run("restore", lastBackup(i).File, "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	other.mustBeReady()
	if other.keys() != keys || other.users() != users {
		t.Error("what was restored elsewhere has other keys or accounts")
	}
	// Without root this user could not remove what is kept of the data.
	if out := other.run("uninstall", "--yes", "--purge="+other.project); out.code != 0 {
		t.Error(out.all())
	}

	first := i.container().ImageID
	release(t, repository+":2", config, "NEW_IN_TWO = 'yes'")
	do("upgrade", "--to", "2", "--now")
	if c := i.container(); c.ImageID == first || c.Image != repository+":2" {
		t.Errorf("%s runs", c.Image)
	}
	do("rollback", "--now", "--yes")
	before := i.container()
	if before.ImageID != first {
		t.Errorf("%s runs", before.Image)
	}
	dockerCompose(t, i.dir, "up", "-d")
	// On Podman Compose recreates every container, its own as well.
	if i.container().ID != before.ID && !docker.Info().Podman {
		t.Error("docker compose up -d recreated the container")
	}
	if out := i.run("uninstall", "--yes", "--purge="+i.project); out.code != 0 || len(i.containers()) != 0 || i.volumes() != 0 {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
}
