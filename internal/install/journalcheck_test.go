package install

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

const alice = 12345 // a user who is not root

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("takes root")
	}
}

// A journal names no place where a run of this program has nothing.
func TestAJournalThatIsNotOurs(t *testing.T) {
	w := instance.Dir(t.TempDir())
	_, err := w.Create()
	must(t, err)
	sound := journal{
		Files:    []fileChange{{Name: ".env", Backup: w.Work("backups/env.1")}, {Name: "docker-compose.yaml"}},
		Snapshot: &snapshot{Data: "/var/lib/docker/volumes/x/_data", Copy: w.Work("snapshot/db"), Whole: true},
		Edge:     &edgeChange{Files: []fileChange{{Name: "/opt/openalgo-edge/caddy/sites/a.caddy"}, {Name: "/etc/nginx/conf.d/openalgo.conf"}}},
		Aside:    []string{"compose.yaml"},
	}
	for name, change := range map[string]func(*journal){
		"":                       func(*journal) {},
		"a file elsewhere":       func(j *journal) { j.Files[0].Name = "../../etc/passwd" },
		"an absolute name":       func(j *journal) { j.Files[0].Name = "/etc/passwd" },
		"a backup elsewhere":     func(j *journal) { j.Files[0].Backup = "/etc/shadow" },
		"a backup that leads up": func(j *journal) { j.Files[0].Backup = w.KeptPath("") + "/../../x" },
		"a copy elsewhere":       func(j *journal) { j.Snapshot.Copy = "/home/alice/planted" },
		"a copy that leads up":   func(j *journal) { j.Snapshot.Copy = w.Work("snapshot") + "/../../../planted" },
		"data at the root":       func(j *journal) { j.Replaced = []snapshot{{Data: "/", Copy: w.Work("snapshot/db")}} },
		"data of a relative dir": func(j *journal) { j.Snapshot.Data = "etc/cron.d" },
		"a job for cron":         func(j *journal) { j.Edge.Files[0].Name = "/etc/cron.d/x" },
		"a site to be removed":   func(j *journal) { j.Edge.Gone = []string{"/etc/passwd"} },
		"cron's to give away":    func(j *journal) { j.Owners = []ownerChange{{Dir: "/etc/cron.d", Name: "x", UID: alice}} },
		"owners that lead up":    func(j *journal) { j.Owners = []ownerChange{{Dir: "/srv/data", Name: "../../etc/passwd", UID: alice}} },
		"another file's name":    func(j *journal) { j.Aside = []string{"../../x"} },
	} {
		var j journal
		text, err := json.Marshal(sound)
		must(t, err)
		must(t, json.Unmarshal(text, &j))
		j.dir = w
		change(&j)
		must(t, j.save())
		got, err := readJournal(w)
		if name == "" && (err != nil || got == nil) {
			t.Errorf("a sound one: %v", err)
		}
		if name != "" && finding.KindOf(err) != finding.HostNotReady {
			t.Errorf("%s: %v", name, err)
		}
	}
}
