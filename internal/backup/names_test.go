package backup

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Two backups within one second have two names.
func TestUnused(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Date(2026, 11, 27, 2, 47, 59, 0, time.UTC)
	for _, want := range []string{"openalgo-0123ab-20261127T024759Z.tar.zst", "openalgo-0123ab-20261127T024800Z.tar.zst"} {
		name := Unused(dir, "openalgo-0123ab-", now, archiveEnding)
		if name != filepath.Join(dir, want) || Whose(filepath.Base(name)) != "openalgo-0123ab" {
			t.Errorf("%s, want %s", name, want)
		}
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
