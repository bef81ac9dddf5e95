package install

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// The directory was moved while a run was unfinished: its copies moved with it.
func TestJournalFollowsItsDirectory(t *testing.T) {
	base := t.TempDir()
	was, now := workdir{filepath.Join(base, "was")}, workdir{filepath.Join(base, "now")}
	_, err := was.create()
	must(t, err)
	const volume = "/var/lib/docker/volumes/x/_data"
	j := &journal{work: was, Files: []fileChange{{Name: ".env", Backup: was.path("backups/env.1")}, {Name: "docker-compose.yaml"}},
		Snapshot: &snapshot{Data: volume, Copy: was.path("snapshot/db"), Kept: was.path("aside/1/db")},
		Replaced: []snapshot{{Data: filepath.Join(was.dir, "db"), Copy: was.path("replaced/db")}}}
	must(t, j.save())
	must(t, os.Rename(was.dir, now.dir))

	got, err := now.readJournal()
	must(t, err)
	for what, pair := range map[string][2]string{
		"backup":         {got.Files[0].Backup, now.path("backups/env.1")},
		"no backup":      {got.Files[1].Backup, ""},
		"copy":           {got.Snapshot.Copy, now.path("snapshot/db")},
		"kept":           {got.Snapshot.Kept, now.path("aside/1/db")},
		"volume":         {got.Snapshot.Data, volume},
		"data directory": {got.Replaced[0].Data, filepath.Join(now.dir, "db")},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q, want %q", what, pair[0], pair[1])
		}
	}

	// A directory that is still there is another one.
	_, err = was.create()
	must(t, err)
	if _, err := now.readJournal(); finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("with copies of another directory: %v", err)
	}
}
