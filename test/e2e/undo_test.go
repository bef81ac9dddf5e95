package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mustDocker runs docker.
func mustDocker(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("docker", args...).CombinedOutput(); err != nil {
		t.Fatalf("docker %v: %v\n%s", args, err, out)
	}
}

// edit changes a file of the instance by hand.
func (i *instance) edit(name, old, new string) {
	i.t.Helper()
	before := i.read(name)
	after := strings.Replace(before, old, new, 1)
	if old == "" {
		after = before + new
	}
	if after == before {
		i.t.Fatalf("%s has no %q", name, old)
	}
	if err := os.WriteFile(i.path(name), []byte(after), 0o600); err != nil {
		i.t.Fatal(err)
	}
}

// startedAt is when a container's present run began.
func (i *instance) startedAt(id string) time.Time {
	i.t.Helper()
	c, err := docker.Container(i.t.Context(), id)
	if err != nil {
		i.t.Fatal(err)
	}
	return c.StartedAt
}

// An upgrade fails and its roll-back ends with a previous OpenAlgo that does
// not answer. Once the user has that running, nothing that came into its
// database is lost by the next command, and their edits stay.
func TestRowsAfterAFailedRollBackAreKept(t *testing.T) {
	t.Parallel()
	i, repository, config := upgradable(t)
	before := i.container().ID
	release(t, repository+":2", config, "NEW_IN_TWO = 'yes'")
	const fault = "\nOPENALGO_REHEARSAL_FAIL = 'exit'\n"
	i.edit(".env", "", fault) // the running app has not read it
	if out := i.run("upgrade", "--to", "2", "--now"); out.code != 5 {
		t.Fatalf("exit %d, want 5\n%s", out.code, out.all())
	}
	i.edit(".env", fault, "")
	mustDocker(t, "restart", before)
	i.until("the previous OpenAlgo answers", func() bool { return i.isUp() })
	i.place(i.volume("/app/db")+"/since", 300, 0)
	i.edit("docker-compose.yaml", "", "\n# the user's\n")
	data, at := i.data(), i.startedAt(before)
	for range 2 {
		if out := i.run("start"); out.code != 0 {
			t.Fatalf("exit %d\n%s", out.code, out.all())
		}
		if i.data() != data || i.container().ID != before || !i.startedAt(before).Equal(at) {
			t.Errorf("the data is other, or the container was restarted:\n%s\nwant\n%s", i.data(), data)
		}
	}
	if !strings.Contains(i.read("docker-compose.yaml"), "# the user's") {
		t.Error("the user's edit is gone")
	}
}

// The run and its undo are killed, and the user starts the previous OpenAlgo:
// its data is in use from then on.
func TestPreviousOneInUseIsLeftAlone(t *testing.T) {
	t.Parallel()
	for point, sample := range map[string]string{"before-verify": "NEW_IN_TWO = 'yes'", "undo-started": "OPENALGO_REHEARSAL_FAIL = 'half'"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			i, repository, config := upgradable(t)
			before := i.container().ID
			release(t, repository+":2", config, sample)
			i.program = failing
			i.kill(point, "upgrade", "--to", "2", "--now")
			if point == "before-verify" { // it runs, and has the ports
				mustDocker(t, "stop", i.project+"-web-new")
			}
			mustDocker(t, "start", before)
			i.until("the previous OpenAlgo answers", func() bool { return i.isUp() })
			volume, err := docker.Container(t.Context(), before)
			if err != nil {
				t.Fatal(err)
			}
			at := ""
			for _, m := range volume.Mounts {
				if m.Target == "/app/db" {
					v, err := docker.Volume(t.Context(), m.Name)
					if err != nil {
						t.Fatal(err)
					}
					at = v.Mountpoint
				}
			}
			i.place(filepath.Join(at, "since"), 300, 0)
			i.edit("docker-compose.yaml", "", "\n# the user's\n")
			began := i.startedAt(before)
			for range 2 {
				if out := i.run("start"); out.code != 0 {
					t.Fatalf("exit %d\n%s", out.code, out.all())
				}
			}
			if _, err := os.Stat(filepath.Join(at, "since")); err != nil {
				t.Errorf("what came in since is gone: %v", err)
			}
			if i.container().ID != before || !i.startedAt(before).Equal(began) {
				t.Error("the container is another, or was restarted")
			}
			if !strings.Contains(i.read("docker-compose.yaml"), "# the user's") {
				t.Error("the user's edit is gone")
			}
			if _, err := os.Stat(i.path(".openalgo-install/journal.json")); err == nil {
				t.Error("the journal is still open")
			}
		})
	}
}

// isUp reports whether the web port answers.
func (i *instance) isUp() bool {
	res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/auth/check-setup", i.web))
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// A backup is killed while OpenAlgo is down, and the user starts it: the next
// command does not stop it.
func TestStartedAfterAKilledBackupIsLeftAlone(t *testing.T) {
	t.Parallel()
	i := backupable(t)
	i.program = failing
	id := i.container().ID
	i.kill("backup-stopped", "backup", "--now", "--stop")
	mustDocker(t, "start", id)
	i.until("OpenAlgo answers", func() bool { return i.isUp() })
	began := i.startedAt(id)
	if out := i.run("start"); out.code != 0 {
		t.Fatal(out.all())
	}
	if !i.startedAt(id).Equal(began) {
		t.Error("it was stop it and start it again")
	}
	i.mustHaveData()
}

// A killed restart leaves OpenAlgo down by our own hand: the next command, and
// the one at boot, starts it.
func TestRestartKilled(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	i.program = failing
	i.kill("after-stop", "restart", "--now")
	if i.isUp() {
		t.Fatal("it was not stopped: nothing is tested")
	}
	if out := i.run("recover"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustBeReady()
	i.mustBeTidy()
}
