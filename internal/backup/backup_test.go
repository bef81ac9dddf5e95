package backup_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

func write(t *testing.T, path string, content []byte, age time.Duration) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
		t.Fatal(err)
	}
}

func random(n int) []byte {
	out := make([]byte, n)
	_, _ = rand.Read(out)
	return out
}

// archived makes an archive of dir; between is done between the two passes.
func archived(t *testing.T, dir string, seal backup.Seal, between func()) (string, backup.Key) {
	t.Helper()
	wrap, key, err := seal.Ready()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	sealed, err := wrap(&out)
	if err != nil {
		t.Fatal(err)
	}
	tree := backup.Tree{Name: "db", Path: dir}
	w, err := backup.NewWriter(sealed, backup.Manifest{Project: "openalgo", Trees: []backup.Tree{tree}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Early(t.Context(), tree); err != nil {
		t.Fatal(err)
	}
	between()
	if err := errors.Join(w.Tree(t.Context(), tree), w.File(".env", []byte("A = '1'\n")), w.Close(), sealed.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "archive")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, key
}

// TestChangesBetweenThePasses wants what was read while the app ran to be what
// it is after the stop.
func TestChangesBetweenThePasses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	big := random(17 << 20)
	for _, name := range []string{"stays", "changes", "shrinks", "goes", "becomes a directory", "becomes a link"} {
		write(t, at(name), big, time.Hour)
	}
	write(t, at("sub/new\nline\\n"), []byte("x"), 0)
	write(t, at("a.db"), []byte("SQLite format 3\x00 and more"), 0)
	path, key := archived(t, dir, backup.Seal{}, func() {
		// The same size and time, as a database writes in place.
		info, _ := os.Stat(at("changes"))
		write(t, at("changes"), slices.Repeat([]byte("y"), len(big)), 0)
		_ = os.Chtimes(at("changes"), info.ModTime(), info.ModTime())
		write(t, at("shrinks"), []byte("short"), 0)
		for _, name := range []string{"goes", "becomes a directory", "becomes a link"} {
			_ = os.Remove(at(name))
		}
		write(t, at("becomes a directory/file"), []byte("in it"), 0)
		_ = os.Symlink("stays", at("becomes a link"))
	})
	a, err := backup.Open(t.Context(), path, key)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.SQLite, []string{"data/db/a.db"}) || string(a.Files[".env"]) != "A = '1'\n" {
		t.Errorf("%v %v", a.SQLite, a.Files)
	}
	target := t.TempDir()
	if err := a.Extract(t.Context(), map[string]string{"db": target}); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(t.TempDir(), "again"), os.DirFS(target)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{
		"stays": big, "changes": slices.Repeat([]byte("y"), len(big)), "shrinks": []byte("short"),
		"becomes a directory/file": []byte("in it"), "sub/new\nline\\n": []byte("x"), "becomes a link": big,
	} {
		if got, err := os.ReadFile(filepath.Join(target, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q: %d bytes, want %d (%v)", name, len(got), len(want), err)
		}
	}
	if _, err := os.Stat(filepath.Join(target, "goes")); err == nil {
		t.Error("what was gone after the stop is back")
	}
	was, _ := os.Stat(at("stays"))
	is, _ := os.Stat(filepath.Join(target, "stays"))
	if !was.ModTime().Equal(is.ModTime()) || was.Mode() != is.Mode() {
		t.Errorf("%v %v, was %v %v", is.ModTime(), is.Mode(), was.ModTime(), was.Mode())
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), random(300), 0)
	path, _ := archived(t, dir, backup.Seal{}, func() {})
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad")
	refused := func(what string, text []byte) {
		t.Helper()
		write(t, bad, text, 0)
		if _, err := backup.Open(t.Context(), bad, backup.Key{}); !errors.Is(err, backup.ErrNoArchive) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for n := range whole {
		refused("cut off", whole[:n])
	}
	for n := range whole {
		flipped := slices.Clone(whole)
		flipped[n] ^= 1 << (n % 8)
		write(t, bad, flipped, 0)
		a, err := backup.Open(t.Context(), bad, backup.Key{})
		if err == nil { // a bit that means nothing, in a frame's header
			if got := string(a.Files[".env"]); got != "A = '1'\n" {
				t.Errorf("bit %d: taken, with %q", n, got)
			}
			continue
		}
		if !errors.Is(err, backup.ErrNoArchive) {
			t.Errorf("bit %d: %v", n, err)
		}
	}
}

func TestSeal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), random(300), 0)
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	path, own := archived(t, dir, backup.Seal{Recipients: []string{identity.Recipient().String()}}, func() {})
	theirs, err := backup.IdentityKey(strings.NewReader("# created\n" + identity.String() + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	other, _ := age.GenerateX25519Identity()
	wrong, _ := backup.IdentityKey(strings.NewReader(other.String()))
	word, _ := backup.PassphraseKey(secret.New("word"))
	for name, key := range map[string]backup.Key{"own": own, "theirs": theirs} {
		if _, err := backup.Open(t.Context(), path, key); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, key := range map[string]backup.Key{"none": {}, "wrong": wrong, "passphrase": word} {
		if _, err := backup.Open(t.Context(), path, key); !errors.Is(err, backup.ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	plain, _ := archived(t, dir, backup.Seal{}, func() {})
	named := filepath.Join(t.TempDir(), "x.tar.zst.age")
	if err := os.Link(plain, named); err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		path string
		key  backup.Key
	}{"an identity": {plain, theirs}, "a passphrase": {plain, word}, "a name": {named, backup.Key{}}} {
		if _, err := backup.Open(t.Context(), one.path, one.key); !errors.Is(err, backup.ErrPlain) {
			t.Errorf("one that is not encrypted, in spite of %s: %v", name, err)
		}
	}
	if _, err := backup.IdentityKey(strings.NewReader("AGE-SECRET-KEY-1CANARY")); err == nil || strings.Contains(err.Error(), "CANARY") {
		t.Errorf("%v", err)
	}
	for _, seal := range []backup.Seal{{Recipients: []string{"age1x"}}, {Recipients: []string{identity.Recipient().String()}, Passphrase: secret.New("word")}} {
		if _, _, err := seal.Ready(); err == nil {
			t.Errorf("%+v is taken", seal.Recipients)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("\x28\xb5\x2f\xfd"))
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "archive")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Open(t.Context(), path, backup.Key{}); err == nil {
			t.Error("taken")
		}
	})
}
