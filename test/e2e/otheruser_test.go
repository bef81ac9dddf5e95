package e2e_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// otherUser is a user of a container that is not OpenAlgo's own.
const otherUser = 1001

// A stack that ran as another user is taken over: OpenAlgo's own user gets its
// data, and what was there stays with the user of before.
func TestAdoptOfAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		missing(t, "only root can give directories away")
	}
	i := foreign(t, "")
	user := docker.Info().UserBase + otherUser
	i.dockerRunWith(func(spec *engine.ContainerSpec) {
		spec.User = "1001:1001"
		for _, name := range []string{".env", "db", "log", "strategies", "keys", "tmp"} {
			must(t, os.Chown(i.path(name), user, user))
		}
	})
	i.until("the previous OpenAlgo answers", func() bool { return i.isUp() })
	i.addUser()
	keys := i.keys()
	out := i.run("adopt", "--volumes", "named", "--now", "--yes")
	if out.code != 0 {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	i.mustBeReady()
	if i.keys() != keys || !strings.Contains(i.users(), "openalgo.db") {
		t.Errorf("keys or data are others: %s", i.users())
	}
	if report := i.report(); len(report.Directories) == 0 {
		t.Error("the app reports no directories")
	} else {
		for _, d := range report.Directories {
			if !d.Writable {
				t.Errorf("user %d cannot write %s", report.UID, d.Path)
			}
		}
	}
	if owner := i.owner("db"); !strings.HasPrefix(owner, fmt.Sprintf("%d:%d ", user, user)) {
		t.Errorf("the directory of before is %s", owner)
	}
}
