package backup

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/instance"
)

// TestUnfinishedBackupIsRemoved wants what a killed backup wrote gone, and
// everything else left alone.
func TestUnfinishedBackupIsRemoved(t *testing.T) {
	w, to := instance.Dir(t.TempDir()), t.TempDir()
	if _, err := w.Create(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(to, "mine.tar.zst")
	left := name + ".0123456789abcdef.partial"
	kept := []string{name, name + ".0123.partial", name + ".0123456789abcdeX.partial", filepath.Join(to, "other.tar.zst.0123456789abcdef.partial")}
	for _, path := range append(kept, left) {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := name + ".1123456789abcdef.partial"
	if err := os.Symlink(kept[0], link); err != nil {
		t.Fatal(err)
	}
	removeUnfinished(w) // of none
	if err := noteUnfinished(w, name); err != nil {
		t.Fatal(err)
	}
	removeUnfinished(w)
	if _, err := os.Lstat(left); !os.IsNotExist(err) {
		t.Error("it is still there", err)
	}
	for _, path := range append(kept, link) {
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(w.Work(unfinishedName)); !os.IsNotExist(err) {
		t.Error("the note is still there", err)
	}
}
