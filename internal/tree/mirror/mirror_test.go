package mirror

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/testuser"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// same wants a copy to have what the source has, owners, modes and times too.
func same(t *testing.T, source, copied string) {
	t.Helper()
	want, err := tree.Sums(t.Context(), source, tree.WithOwners)
	must(t, err)
	got, err := tree.Sums(t.Context(), copied, tree.WithOwners)
	must(t, err)
	if !slices.Equal(want, got) {
		t.Fatalf("the copy has\n%q\nand not\n%q", got, want)
	}
	for _, name := range []string{".", "a"} {
		was, err1 := os.Lstat(filepath.Join(source, name))
		is, err2 := os.Lstat(filepath.Join(copied, name))
		if err1 == nil && (err2 != nil || was.Mode().IsRegular() && !was.ModTime().Equal(is.ModTime()) || was.Mode() != is.Mode()) {
			t.Errorf("%s: %v, %v", name, was, is)
		}
	}
}

// change does one thing to a directory that a program may do.
func change(t *testing.T, dir string, r *rand.Rand) {
	t.Helper()
	path := filepath.Join(dir, []string{"a", "b", "c", "d/a", "d/e/a"}[r.IntN(5)])
	_ = os.MkdirAll(filepath.Dir(path), 0o755)
	_ = os.Chmod(filepath.Dir(path), 0o755)
	content := make([]byte, r.IntN(5*blockBytes))
	for i := range content {
		content[i] = byte(r.UintN(256))
	}
	switch r.IntN(9) {
	case 0:
		_ = os.RemoveAll(path)
		must(t, os.Symlink("b", path))
	case 1:
		must(t, os.RemoveAll(path))
	case 2:
		_ = os.RemoveAll(path)
		must(t, os.MkdirAll(filepath.Join(path, "x"), 0o750))
	case 3:
		_ = os.Truncate(path, int64(r.IntN(4*blockBytes)))
	case 4:
		_ = os.Lchown(path, 12345, r.IntN(100))
	case 5: // another file in its place
		_ = os.RemoveAll(path)
		must(t, os.WriteFile(path+".new", content, 0o600))
		must(t, os.Rename(path+".new", path))
	default: // in place
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
			_ = os.RemoveAll(path)
		}
		file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o640)
		must(t, err)
		_, err = file.WriteAt(content, int64(r.IntN(3*blockBytes)))
		must(t, errors.Join(err, file.Close()))
	}
}

// Whatever happens to the source between two passes, the copy is the source after the
// next one.
func TestPasses(t *testing.T) {
	testuser.Root(t)
	t.Parallel()
	for n := range 3 {
		r := rand.New(rand.NewPCG(uint64(n), 1))
		from, to := t.TempDir(), t.TempDir()
		must(t, os.WriteFile(to+"/old", nil, 0o600))
		for range 20 {
			change(t, from, r)
		}
		m, err := Open(from, to)
		must(t, err)
		must(t, m.Ahead(t.Context()))
		for range 20 {
			for range r.IntN(10) {
				change(t, from, r)
			}
			must(t, m.Last(t.Context()))
		}
		must(t, m.Settle(t.Context()))
		must(t, m.Close())
		same(t, from, to)
	}
}

// A file that nobody wrote is not read again, and of one that was, only what differs
// is written. Seen by what somebody put into the copy.
func TestLastTakesOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	long := time.Now().Add(-time.Hour)
	for _, name := range []string{"/still", "/busy"} {
		must(t, os.WriteFile(from+name, make([]byte, 4*blockBytes), 0o600))
		must(t, os.Chtimes(from+name, long, long))
	}
	m, err := Open(from, to)
	must(t, err)
	defer m.Close()
	must(t, m.Ahead(t.Context()))
	put := func(path string, at int64, text string) {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		must(t, err)
		_, err = file.WriteAt([]byte(text), at)
		must(t, errors.Join(err, file.Close()))
	}
	for _, name := range []string{"/still", "/busy"} {
		put(to+name, 0, "mark")
	}
	put(from+"/busy", 2*blockBytes, "new")
	must(t, errors.Join(m.Last(t.Context()), m.flush()))
	for name, want := range map[string]string{"/still": "mark\x00", "/busy": "mark\x00"} {
		text, err := os.ReadFile(to + name)
		if err != nil || string(text[:5]) != want {
			t.Errorf("%s begins with %q (%v)", name, text[:5], err)
		}
	}
	text, err := os.ReadFile(to + "/busy")
	if err != nil || string(text[2*blockBytes:2*blockBytes+3]) != "new" {
		t.Errorf("what was written is not in the copy (%v)", err)
	}
}

// A file that was written in the second before it was read is read again: its time
// may be the same after the next write.
func TestFreshFileIsReadAgain(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	must(t, os.WriteFile(from+"/a", []byte("one"), 0o600))
	now := time.Now().Add(time.Hour) // it stays fresh
	must(t, os.Chtimes(from+"/a", now, now))
	m, err := Open(from, to)
	must(t, err)
	defer m.Close()
	must(t, m.Last(t.Context()))
	e := m.known["a"]
	must(t, os.WriteFile(from+"/a", []byte("two"), 0o600))
	info, err := os.Lstat(from + "/a")
	must(t, err)
	e.stamp = stampOf(info) // as if the clock had not gone on
	must(t, errors.Join(m.Last(t.Context()), m.flush()))
	if text, _ := os.ReadFile(to + "/a"); string(text) != "two" {
		t.Errorf("the copy has %q", text)
	}
}

// SQLite's index of a log belongs to the processes that use it; logs and journals
// belong to their databases. Pipes, and links that lead out, are not followed.
func TestWhatIsCopied(t *testing.T) {
	t.Parallel()
	from, to, outside := t.TempDir(), t.TempDir(), t.TempDir()
	must(t, os.WriteFile(outside+"/secret", []byte("root"), 0o600))
	for _, name := range []string{"o.db", "o.db-wal", "o.db-shm", "o.db-journal", "h.duckdb", "h.duckdb.wal", "mine-shm"} {
		must(t, os.WriteFile(filepath.Join(from, name), []byte(name), 0o600))
	}
	must(t, os.Symlink(outside+"/secret", from+"/link"))
	must(t, unix.Mkfifo(from+"/pipe", 0o600))
	must(t, os.Mkdir(filepath.Join(from, tree.AsidePrefix+"1"), 0o700))
	m, err := Open(from, to)
	must(t, err)
	defer m.Close()
	must(t, errors.Join(m.Ahead(t.Context()), m.Last(t.Context())))
	entries, err := os.ReadDir(to)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"h.duckdb", "h.duckdb.wal", "link", "mine-shm", "o.db", "o.db-journal", "o.db-wal"}; !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
	if link, err := os.Readlink(to + "/link"); err != nil || link != outside+"/secret" {
		t.Errorf("%q, %v", link, err)
	}
}

func TestHolesStay(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	must(t, os.WriteFile(from+"/sparse", []byte("begin"), 0o600))
	must(t, os.Truncate(from+"/sparse", 16<<20))
	m, err := Open(from, to)
	must(t, err)
	defer m.Close()
	must(t, m.Ahead(t.Context()))
	var stat unix.Stat_t
	must(t, unix.Stat(to+"/sparse", &stat))
	if stat.Size != 16<<20 || stat.Blocks*512 > 1<<20 {
		t.Errorf("%d bytes in %d KiB", stat.Size, stat.Blocks/2)
	}
}

// BenchmarkLast is the time of a last pass over a large file of which one block in a
// hundred was written; OPENALGO_MIRROR names a directory for 5 GB.
func BenchmarkLast(b *testing.B) {
	base, mib := os.Getenv("OPENALGO_MIRROR"), 5000
	if base == "" {
		base, mib = b.TempDir(), 64
	}
	from, err := os.MkdirTemp(base, "mirror-")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(from)
	file, err := os.Create(from + "/big")
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	block := make([]byte, 1<<20)
	r := rand.NewChaCha8([32]byte{})
	for range mib {
		_, _ = r.Read(block)
		if _, err := file.Write(block); err != nil {
			b.Fatal(err)
		}
	}
	m, err := Open(from, filepath.Join(base, fmt.Sprintf("copy-%d", os.Getpid())))
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(m.to.Name())
	if err := m.Ahead(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		for i := range mib {
			if _, err := file.WriteAt([]byte(time.Now().String()), int64(i)<<20); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		if err := m.Last(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
