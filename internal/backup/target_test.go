package backup

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// instanceIn creates an instance's directory, with a state of its own.
func instanceIn(t *testing.T, name string) instance.Dir {
	t.Helper()
	d := instance.Dir(filepath.Join(t.TempDir(), name))
	if _, err := d.Create(); err != nil {
		t.Fatal(err)
	}
	s := instance.State{Project: "openalgo"}
	s.Begin(string(d))
	if err := d.SaveState(s); err != nil {
		t.Fatal(err)
	}
	return d
}

func quiet[T any](T) {}

func targetOf(d instance.Dir) TargetOptions {
	return TargetOptions{Instance: d, Warn: quiet[*finding.Error], Note: quiet[string]}
}

func TestTargetKeepsAndPrunes(t *testing.T) {
	t.Parallel()
	d := instanceIn(t, "openalgo")
	archives := Archives(d)
	if err := os.MkdirAll(archives, 0o700); err != nil {
		t.Fatal(err)
	}
	others := []string{"openalgo-ffffff-20200101T000000Z.tar.zst", "notes.txt", names(d) + "20200101.tar.zst"}
	for _, name := range slices.Concat(others, []string{names(d) + "20200101T000000Z.tar.zst", names(d) + "20200102T000000Z.tar.zst.age",
		names(d) + "20200103T000000Z.tar.zst.0123456789abcdef.partial", checkPrefix(d) + "1"}) {
		if err := os.WriteFile(filepath.Join(archives, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := targetOf(d)
	o.Keep = 2
	b, err := OpenTarget(o)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Discard()
	if _, err := b.Write([]byte("text")); err != nil || b.Bytes != 4 {
		t.Fatal(b.Bytes, err)
	}
	if newest := Newest(d); newest == b.Name {
		t.Error("an unfinished one counts")
	}
	if err := b.Finish(); err != nil {
		t.Fatal(err)
	}
	if err := b.Prune(); err != nil {
		t.Fatal(err)
	}
	var left []string
	entries, _ := os.ReadDir(archives)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	want := append(others, names(d)+"20200102T000000Z.tar.zst.age", filepath.Base(b.Name))
	slices.Sort(want)
	if !slices.Equal(left, want) {
		t.Errorf("%q\nwant %q", left, want)
	}
	if newest := Newest(d); newest != b.Name {
		t.Errorf("the newest is %s", newest)
	}
}

func TestTargetRefuses(t *testing.T) {
	t.Parallel()
	d := instanceIn(t, "openalgo")
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "there")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		to   string
		keep int
		want string
	}{
		"a file that is there": {file, 0, "exists"},
		"a file, to be kept":   {file + "2.tar.zst", 3, "--keep"},
		"inside the data":      {filepath.Join(data, "x.tar.zst"), 0, "inside"},
	} {
		o := targetOf(d)
		o.To, o.Keep, o.Trees = c.to, c.keep, []Tree{{Name: "db", Path: data}}
		if _, err := OpenTarget(o); finding.KindOf(err) != finding.Usage || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A path without the ending of an archive is a directory, which is created where the
// one above it is there. A slip in the path creates nothing.
func TestTargetThatIsNotThere(t *testing.T) {
	t.Parallel()
	d, root := instanceIn(t, "openalgo"), t.TempDir()
	var noted []string
	o := targetOf(d)
	o.Note = func(text string) { noted = append(noted, text) }
	for _, to := range []string{filepath.Join(root, "nas"), filepath.Join(root, "disk") + "/"} {
		o.To = to
		b, err := OpenTarget(o)
		if err != nil {
			t.Fatal(err)
		}
		b.Discard()
		if filepath.Dir(b.Name) != filepath.Clean(to) || !IsOwn(d, filepath.Base(b.Name)) || len(noted) != 1 || !strings.Contains(noted[0], filepath.Clean(to)) {
			t.Errorf("%s: %s, %q", to, b.Name, noted)
		}
		noted = nil
	}
	o.To = filepath.Join(root, "bakcup", "openalgo")
	if _, err := OpenTarget(o); finding.IDOf(err) != "backup-unwritable" || finding.KindOf(err) != finding.HostNotReady || !strings.Contains(err.Error(), "there is no directory "+filepath.Join(root, "bakcup")) {
		t.Errorf("%v", err)
	}
	o.To = filepath.Join(root, "one.tar.zst")
	b, err := OpenTarget(o)
	if err != nil || b.Name != o.To {
		t.Fatalf("%v", err)
	}
	b.Discard()
}

// The disk that the last backup was on has to be there again, however often the backup
// was refused meanwhile.
func TestTargetWhoseDiskIsGone(t *testing.T) {
	t.Parallel()
	d, dir := instanceIn(t, "openalgo"), t.TempDir()
	if err := (Last{OK: true, File: filepath.Join(dir, "a.tar.zst")}).Save(d); err != nil {
		t.Fatal(err)
	}
	o := targetOf(d)
	o.To = dir
	b, err := OpenTarget(o)
	if err != nil {
		t.Fatal(err)
	}
	b.Discard()
	last := LoadLast(d)
	last.Place.Mount = "/nonexistent/disk"
	if err := instance.Save(d, lastName, last); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := OpenTarget(o); finding.IDOf(err) != "backup-not-mounted" {
			t.Errorf("%v", err)
		}
		if err := (Last{Message: "refused"}).Save(d); err != nil {
			t.Fatal(err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left: %v", entries)
	}
	o.To = t.TempDir()
	if b, err = OpenTarget(o); err != nil {
		t.Fatal(err)
	}
	b.Discard()
}

func TestTargetOfAStream(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	o := targetOf(instanceIn(t, "openalgo"))
	o.To, o.Stream = "-", &out
	b, err := OpenTarget(o)
	if err != nil || !b.IsStream() {
		t.Fatal(b, err)
	}
	defer b.Discard()
	if _, err := b.Write([]byte("text")); err != nil || out.String() != "text" || b.Finish() != nil || b.Prune() != nil {
		t.Error(out.String(), err)
	}
}

// Where others can write, databases are not checked beside the backup.
func TestTargetWhereOthersWrite(t *testing.T) {
	t.Parallel()
	d, shared := instanceIn(t, "openalgo"), t.TempDir()
	if err := os.Chmod(shared, 0o777); err != nil {
		t.Fatal(err)
	}
	var warned []string
	o := targetOf(d)
	o.To, o.Warn = shared, func(w *finding.Error) { warned = append(warned, w.Error()) }
	b, err := OpenTarget(o)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Discard()
	if len(warned) != 1 || !strings.Contains(warned[0], shared) || b.checkDir() != d.Work("") {
		t.Errorf("%q, %s", warned, b.checkDir())
	}
}

func TestReadCheck(t *testing.T) {
	t.Parallel()
	damaged, err := readCheck(engine.ExecResult{Stdout: []byte("db/a.db\tok\ndb/b.db\tpage 3 is torn\nEND\n")})
	if err != nil || !slices.Equal(damaged, []string{"db/b.db: page 3 is torn"}) {
		t.Errorf("%q, %v", damaged, err)
	}
	if _, err := readCheck(engine.ExecResult{Stdout: []byte("db/a.db\tok\n"), Stderr: []byte("Killed\n")}); err == nil || !strings.Contains(err.Error(), "Killed") {
		t.Error(err)
	}
}
