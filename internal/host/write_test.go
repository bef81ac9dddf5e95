package host_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/host"
)

func TestWriteFile(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	path, other := filepath.Join(dir, "file"), filepath.Join(dir, "other")
	if err := os.WriteFile(other, []byte("theirs"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, path); err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{"", temp} {
		if err := host.WriteFile(path, []byte("ours"), 0o640, where); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != 0o640 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != "ours" {
			t.Errorf("%q, %v", text, err)
		}
	}
	if text, _ := os.ReadFile(other); string(text) != "theirs" {
		t.Error("a link was followed")
	}
	for _, d := range []string{dir, temp} {
		entries, err := os.ReadDir(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if host.IsTemp(e.Name()) {
				t.Errorf("%s is left over", e.Name())
			}
		}
	}
}

func TestWriteFileThatFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(path, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := host.WriteFile(path, []byte("x"), 0o600, ""); err == nil {
		t.Error("a directory was replaced")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d entries, want the directory alone", len(entries))
	}
}

func TestRemoveAndRename(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "below", "to")
	if err := host.Remove(from); err != nil {
		t.Errorf("what is not there is not removed: %v", err)
	}
	if err := host.Remove(to); err != nil {
		t.Errorf("what has no directory is not removed: %v", err)
	}
	if err := os.Mkdir(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := host.WriteFile(from, []byte("x"), 0o600, ""); err != nil {
		t.Fatal(err)
	}
	if err := host.Rename(from, to); err != nil {
		t.Fatal(err)
	}
	if err := host.Remove(to); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(to); !os.IsNotExist(err) {
		t.Error("it is still there")
	}
}
