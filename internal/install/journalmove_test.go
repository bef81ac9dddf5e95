package install

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// The directory was moved while a run was unfinished: its copies moved with it.
func TestJournalFollowsItsDirectory(t *testing.T) {
	base := t.TempDir()
	was, now := instance.Dir(filepath.Join(base, "was")), instance.Dir(filepath.Join(base, "now"))
	_, err := was.Create()
	must(t, err)
	const volume = "/var/lib/docker/volumes/x/_data"
	j := &journal{dir: was, Files: []fileChange{{Name: ".env", Backup: was.Work("backups/env.1")}, {Name: "docker-compose.yaml"}},
		Snapshot: &snapshot{Data: volume, Copy: was.Work("snapshot/db"), Kept: was.Work("aside/1/db")},
		Replaced: []snapshot{{Data: filepath.Join(string(was), "db"), Copy: was.Work("replaced/db")}}}
	must(t, j.save())
	must(t, os.Rename(string(was), string(now)))

	got, err := readJournal(now)
	must(t, err)
	for what, pair := range map[string][2]string{
		"backup":         {got.Files[0].Backup, now.Work("backups/env.1")},
		"no backup":      {got.Files[1].Backup, ""},
		"copy":           {got.Snapshot.Copy, now.Work("snapshot/db")},
		"kept":           {got.Snapshot.Kept, now.Work("aside/1/db")},
		"volume":         {got.Snapshot.Data, volume},
		"data directory": {got.Replaced[0].Data, filepath.Join(string(now), "db")},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q, want %q", what, pair[0], pair[1])
		}
	}

	// A directory that is still there is another one.
	_, err = was.Create()
	must(t, err)
	if _, err := readJournal(now); finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("with copies of another directory: %v", err)
	}
}
