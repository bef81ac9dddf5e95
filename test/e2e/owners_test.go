package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// ofRoot is what docker-run.sh leaves where root ran it: directories of
// root's, and an OpenAlgo that ends at every start.
func ofRoot(t *testing.T) *instance {
	t.Helper()
	if os.Geteuid() != 0 {
		missing(t, "only root can give directories away")
	}
	i := foreign(t, "")
	i.dockerRunWith(func(*engine.ContainerSpec) {
		for _, name := range []string{"db", "log", "strategies", "keys"} {
			if err := os.Chown(i.path(name), 0, 0); err != nil {
				t.Fatal(err)
			}
		}
	})
	i.until("it is started again and again", func() bool { return i.running().RestartCount > 0 })
	return i
}

func TestAdoptDirectoriesOfRoot(t *testing.T) {
	t.Parallel()
	i := ofRoot(t)
	before := i.running().ID
	out := i.run("adopt", "--now")
	if out.code != 2 || i.running().ID != before || !strings.HasPrefix(i.owner("log"), "0:0") {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	out.mustTell(t, "another user owns them", i.path("log"))
	if out := i.run("adopt", "--now", "--yes"); out.code != 0 {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	i.mustBeReady()
	user := docker.Info().UserBase + 1000
	for _, name := range []string{"db", "log", "strategies", "keys"} {
		if owner := i.owner(name); !strings.HasPrefix(owner, fmt.Sprintf("%d:%d ", user, user)) {
			t.Errorf("%s is %s", name, owner)
		}
	}
}

// Moved into volumes, the data belongs to OpenAlgo's user there, and to root
// where it was.
func TestAdoptDirectoriesOfRootIntoVolumes(t *testing.T) {
	t.Parallel()
	i := ofRoot(t)
	if out := i.run("adopt", "--volumes", "named", "--now", "--yes"); out.code != 0 {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	i.mustBeReady()
	if owner := i.owner("log"); !strings.HasPrefix(owner, "0:0") {
		t.Errorf("the directory is %s", owner)
	}
	if info, err := os.Stat(i.volume("/app/log")); err != nil || int(info.Sys().(*syscall.Stat_t).Uid) != docker.Info().UserBase+1000 {
		t.Errorf("the volume is not user 1000's: %v", err)
	}
}

// An adopt that fails gives the directories back. That the container of before
// does not answer then, as it did not before, is no failure of the roll-back.
func TestAdoptDirectoriesOfRootFails(t *testing.T) {
	t.Parallel()
	i := ofRoot(t)
	before := i.running().ID
	i.put("docker-compose.override.yaml", "services: {openalgo: {entrypoint: [\"/none\"]}}\n")
	if out := i.run("adopt", "--now", "--yes"); out.code != 4 {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	if i.running().ID != before || !strings.HasPrefix(i.owner("log"), "0:0") || !strings.HasPrefix(i.owner("db"), "0:0") {
		t.Errorf("not as before: log %s, db %s", i.owner("log"), i.owner("db"))
	}
}

// An image whose user is not OpenAlgo's could not read its .env.
func TestImageOfAnotherUser(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	ref := "oae2e-user/" + i.project + ":1"
	importImage(t, ref, "USER 1001:1001")
	t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", "--force", ref).Run() })
	i.from(ref)
	out := i.install(3)
	out.mustTell(t, "runs as user 1001")
	if len(i.containers()) != 0 {
		t.Error("a container was made")
	}
}
