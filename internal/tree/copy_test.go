package tree

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/testuser"
)

func TestCopy(t *testing.T) {
	testuser.Root(t)
	from, to := t.TempDir(), t.TempDir()
	outside := filepath.Join(t.TempDir(), "passwd")
	must(t, os.WriteFile(outside, []byte("root"), 0o600))
	at := time.Date(2026, 5, 8, 9, 15, 0, 0, time.UTC)
	must(t, os.MkdirAll(from+"/a/\xff", 0o750))
	must(t, os.WriteFile(from+"/a/\xff/db", []byte("rows"), 0o640))
	must(t, os.Chmod(from+"/a/\xff/db", 0o640))
	must(t, os.Symlink(outside, from+"/link"))
	must(t, unix.Mkfifo(from+"/pipe", 0o600))
	must(t, os.MkdirAll(from+"/"+AsidePrefix+"x", 0o700))
	for _, name := range []string{"/a/\xff/db", "/link", "/a/\xff", "/a"} {
		must(t, os.Lchown(from+name, testuser.Alice, testuser.Alice))
	}
	for _, name := range []string{"/a/\xff/db", "/a/\xff", "/a"} {
		must(t, os.Chtimes(from+name, at, at))
	}
	// What was there before goes, and is not written through.
	must(t, os.Symlink(outside, to+"/a"))
	must(t, os.WriteFile(to+"/old", nil, 0o600))

	must(t, Copy(t.Context(), from, to))
	was, err := Sums(t.Context(), from, WithOwners)
	must(t, err)
	is, err := Sums(t.Context(), to, WithOwners)
	must(t, err)
	if len(was) != 5 || len(is) != len(was) {
		t.Fatalf("%d entries, and then %d:\n%q\n%q", len(was), len(is), was, is)
	}
	for i := range was {
		if was[i] != is[i] {
			t.Errorf("%q became %q", was[i], is[i])
		}
	}
	for _, name := range []string{"/a/\xff/db", "/a/\xff", "/a"} {
		if info, err := os.Stat(to + name); err != nil || !info.ModTime().Equal(at) {
			t.Errorf("%q: %v, %v", name, info, err)
		}
	}
	if text, _ := os.ReadFile(outside); string(text) != "root" {
		t.Errorf("the file outside reads %q", text)
	}
	if err := Copy(t.Context(), from+"/none", to); err == nil {
		t.Error("a copy of nothing")
	}
	if left, _ := os.ReadDir(to); len(left) == 0 {
		t.Error("a copy that cannot be made emptied its target")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Where there is no space for a copy of the copy, that itself is moved back, and
// what is there keeps its place among what an undo kept.
func TestMove(t *testing.T) {
	from, to, aside := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "aside")
	for path, text := range map[string]string{from + "/a": "before", from + "/b": "before", to + "/a": "since"} {
		must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	for range 2 {
		must(t, Move(from, to, aside))
	}
	for path, want := range map[string]string{to + "/a": "before", to + "/b": "before", aside + "/a": "since"} {
		if text, err := os.ReadFile(path); err != nil || string(text) != want {
			t.Errorf("%s holds %q, want %q (%v)", path, text, want, err)
		}
	}
}

// A copy takes no more space than what it is a copy of: holes stay holes, and a file
// with two names stays one file. What people noted on a file stays with it.
func TestCopyKeepsHolesLinksAndAttributes(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	must(t, os.WriteFile(from+"/sparse", []byte("begin"), 0o600))
	file, err := os.OpenFile(from+"/sparse", os.O_WRONLY, 0)
	must(t, err)
	_, err = file.WriteAt([]byte("middle"), 8<<20)
	must(t, errors.Join(err, file.Truncate(16<<20), file.Close()))
	must(t, os.Mkdir(from+"/dir", 0o755))
	must(t, os.Link(from+"/sparse", from+"/dir/again"))
	must(t, os.WriteFile(from+"/empty", nil, 0o600))
	hole, err := os.Create(from + "/hole")
	must(t, err)
	must(t, errors.Join(hole.Truncate(4<<20), hole.Close()))
	kept := unix.Setxattr(from+"/empty", "user.note", []byte("mine"), 0) == nil

	must(t, Copy(t.Context(), from, to))
	want, err := os.ReadFile(from + "/sparse")
	must(t, err)
	got, err := os.ReadFile(to + "/dir/again")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes that are not the same (%v)", len(got), err)
	}
	var a, b, h unix.Stat_t
	must(t, errors.Join(unix.Stat(to+"/sparse", &a), unix.Stat(to+"/dir/again", &b), unix.Stat(to+"/hole", &h)))
	if a.Ino != b.Ino || a.Nlink != 2 {
		t.Errorf("two files of one: %d and %d", a.Ino, b.Ino)
	}
	if a.Size != 16<<20 || h.Size != 4<<20 || a.Blocks*512 > 1<<20 || h.Blocks*512 > 1<<20 {
		t.Errorf("the copy takes %d and %d KiB", a.Blocks/2, h.Blocks/2)
	}
	note := make([]byte, 16)
	if n, err := unix.Getxattr(to+"/empty", "user.note", note); kept && (err != nil || string(note[:n]) != "mine") {
		t.Errorf("the note reads %q (%v)", note[:max(n, 0)], err)
	}
	if err := Copy(canceled(t), from, to); err == nil {
		t.Error("it cannot be cancelled")
	}
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
