package backup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestFreshFileIsNobodysElse plants what another user could plant.
func TestFreshFileIsNobodysElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target := filepath.Join(dir, "backup")
	victim := filepath.Join(t.TempDir(), "victim")
	for _, planted := range []string{target + partialEnding, victim} {
		if err := os.WriteFile(planted, []byte("theirs"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	f, err := makeFresh(target)
	if err != nil {
		t.Fatal(err)
	}
	defer f.discard()
	if _, err := f.WriteString("secret"); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(target + partialEnding); err != nil || string(text) != "theirs" {
		t.Errorf("the planted file was written to: %q, %v", text, err)
	}
	if text, err := os.ReadFile(f.content()); err != nil || string(text) != "secret" || !f.private() {
		t.Errorf("%q, %v, private %v", text, err, f.private())
	}
	// The directory's name leads elsewhere meanwhile.
	if err := os.Rename(dir, dir+"-moved"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir + "-moved") })
	if err := os.Symlink(filepath.Dir(victim), dir); err != nil {
		t.Fatal(err)
	}
	if err := f.keep(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir+"-moved", "backup")); err != nil || string(text) != "secret" {
		t.Errorf("%q, %v", text, err)
	}
	if entries, err := f.beside(); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
}

// TestFreshFileReplacesNothing wants a name that was taken meanwhile to stay.
func TestFreshFileReplacesNothing(t *testing.T) {
	t.Parallel()
	for _, plant := range []func(string) error{
		func(at string) error { return os.Symlink("/etc/hostname", at) },
		func(at string) error { return os.WriteFile(at, nil, 0o600) },
		func(at string) error { return os.Mkdir(at, 0o700) },
	} {
		target := filepath.Join(t.TempDir(), "backup")
		f, err := makeFresh(target)
		if err != nil {
			t.Fatal(err)
		}
		if err := plant(target); err != nil {
			t.Fatal(err)
		}
		before, _ := os.Lstat(target)
		if err := f.keep(); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%v", err)
		}
		if after, err := os.Lstat(target); err != nil || !os.SameFile(before, after) {
			t.Errorf("%v", err)
		}
		f.discard()
		if entries, _ := os.ReadDir(filepath.Dir(target)); len(entries) != 1 {
			t.Errorf("left over: %v", entries)
		}
	}
}

func TestOthersMayWrite(t *testing.T) {
	t.Parallel()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(root, "a")
	for mode, want := range map[fs.FileMode]string{0o755: "", 0o777: at, 0o777 | fs.ModeSticky: "", 0o757: at} {
		if err := os.Chmod(at, mode); err != nil {
			t.Fatal(err)
		}
		if got := othersMayWrite(inside); got != want {
			t.Errorf("%v: %q, want %q", mode, got, want)
		}
	}
	_ = os.Chmod(at, 0o755)
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(at, 1000, 1000); err != nil {
		t.Fatal(err)
	}
	if got := othersMayWrite(inside); got != at {
		t.Errorf("another user's: %q", got)
	}
}
