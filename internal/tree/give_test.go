package tree

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// What is copied into a volume keeps its owners, and OpenAlgo gets what it could
// not write.
func TestGiveTree(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	data, outside := t.TempDir(), filepath.Join(t.TempDir(), "outside")
	must(t, os.WriteFile(outside, nil, 0o644))
	for name, c := range map[string]struct {
		uid, gid int
		mode     os.FileMode
	}{"of-root": {0, 0, 0o600}, "of-the-app": {1000, 1000, 0o600}, "of-its-group": {33, 1000, 0o660}, "open": {33, 33, 0o666}, "sub/of-root": {0, 0, 0o644}} {
		path := filepath.Join(data, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, nil, 0o644))
		must(t, os.Chown(path, c.uid, c.gid))
		must(t, os.Chmod(path, c.mode))
	}
	must(t, os.Symlink(outside, filepath.Join(data, "link")))
	for range 2 {
		must(t, Give(data, 1000))
	}
	for name, want := range map[string]int{"": 1000, "of-root": 1000, "of-the-app": 1000, "of-its-group": 33, "open": 33, "sub": 1000, "sub/of-root": 1000} {
		info, err := os.Lstat(filepath.Join(data, name))
		if err != nil || int(info.Sys().(*syscall.Stat_t).Uid) != want {
			t.Errorf("%q belongs to %d, want %d (%v)", name, int(info.Sys().(*syscall.Stat_t).Uid), want, err)
		}
	}
	if info, err := os.Stat(outside); err != nil || int(info.Sys().(*syscall.Stat_t).Uid) != 0 {
		t.Error("what a link leads to changed hands")
	}
}
