package host

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSweepTemp(t *testing.T) {
	dir, victim := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", dir)
	const gone = 1 << 30 // no process has this number
	now := time.Now()
	old := now.Add(-2 * tempAge)
	make := func(name string, at time.Time) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Join(path, "src"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(victim, filepath.Join(path, "link")); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	left := fmt.Sprintf("openalgo-install-source-%d-123", gone)
	kept := []string{
		fmt.Sprintf("openalgo-install-git-%d-124", os.Getpid()), fmt.Sprintf("openalgo-install-git-%d-mine", gone),
		fmt.Sprintf("other-git-%d-124", gone), "openalgo-install-notes",
	}
	make(left, old)
	for _, name := range kept {
		make(name, old)
	}
	fresh := fmt.Sprintf("openalgo-install-git-%d-125", gone)
	make(fresh, now)
	link := filepath.Join(dir, fmt.Sprintf("openalgo-install-git-%d-126", gone))
	if err := os.Symlink(victim, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(victim, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	SweepTemp(now)
	if _, err := os.Lstat(filepath.Join(dir, left)); err == nil {
		t.Error("what a killed run left is still there")
	}
	for _, name := range append(kept, fresh, filepath.Base(link)) {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%s is gone", name)
		}
	}
	if _, err := os.Stat(filepath.Join(victim, "file")); err != nil {
		t.Error("a link was followed")
	}
	own, err := TempDir("source")
	if err != nil || isLeftTemp(filepath.Base(own)) {
		t.Errorf("%s, %v", own, err)
	}
}
