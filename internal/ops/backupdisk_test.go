package ops_test

import (
	"path/filepath"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

// A backup to a disk that is not mounted any more stops nothing.
func TestBackupWhoseDiskIsGone(t *testing.T) {
	t.Parallel()
	b := installed(t)
	to := t.TempDir()
	b.do(ops.Backup(ops.BackupOptions{To: to}))
	dir := instance.Dir(b.dir)
	last := backup.LoadLast(dir)
	if last == nil || last.Place == nil || last.Place.Dir != to {
		t.Fatalf("%+v", last)
	}
	last.Place.Mount = "/nonexistent/disk"
	must(t, instance.Save(dir, "backup.json", last))
	starts := b.container().StartedAt
	_, err := b.session().Do(t.Context(), ops.Backup(ops.BackupOptions{To: filepath.Join(to, "second.tar.zst"), Stop: true}))
	if finding.IDOf(err) != "backup-not-mounted" || finding.KindOf(err) != finding.HostNotReady || !b.container().StartedAt.Equal(starts) {
		t.Errorf("%v", err)
	}
}
