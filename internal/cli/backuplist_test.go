package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/elsewhere"
)

const storedName = "openalgo-0a1b2c-20261126T100000Z.tar.zst.age"

// storeHere is a store with one encrypted backup, behind a program that stands for
// rclone, and the file with the identity to it.
func storeHere(t *testing.T) (dir, identity string) {
	t.Helper()
	bin := t.TempDir()
	dir = t.TempDir()
	script := "#!/bin/sh\ncase $1 in\ncat) exec cat '" + dir + "'/\"${2##*/}\" ;;\n" +
		"lsjson) cd '" + dir + "' && for f in *; do echo \"[{\\\"Name\\\":\\\"$f\\\",\\\"Size\\\":$(wc -c <\"$f\"),\\\"ModTime\\\":\\\"2026-11-26T10:00:00Z\\\"}]\"; done ;;\nesac\n"
	if err := os.WriteFile(filepath.Join(bin, "rclone"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	secret, recipient, err := elsewhere.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	identity = filepath.Join(t.TempDir(), "key.txt")
	if err := os.WriteFile(identity, []byte(secret.Reveal()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	db := t.TempDir()
	if err := os.WriteFile(filepath.Join(db, "openalgo.db"), []byte("rows"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, storedName))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	wrap, _, err := backup.Seal{Recipients: []string{recipient}}.Ready()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := wrap(file)
	if err != nil {
		t.Fatal(err)
	}
	tree := backup.Tree{Name: backup.DataTree, Path: db, Bytes: 4}
	w, err := backup.NewWriter(sealed, backup.Manifest{Created: time.Now(), Project: "openalgo", Trees: []backup.Tree{tree}})
	if err == nil {
		err = w.Tree(t.Context(), tree)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := sealed.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, identity
}

func TestBackupInAStore(t *testing.T) {
	dir, identity := storeHere(t)
	another := filepath.Join(t.TempDir(), "another.txt")
	secret, _, _ := elsewhere.NewIdentity()
	if err := os.WriteFile(another, []byte(secret.Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		exit int
		says string
	}{
		{[]string{"backup", "list", "rclone:drive:x"}, 0, storedName},
		{[]string{"backup", "verify", "rclone:drive:x", "--identity", identity}, 0, "is whole"},
		{[]string{"backup", "verify", "rclone:drive:x/" + storedName, "--identity", identity}, 0, "is whole"},
		{[]string{"backup", "verify", filepath.Join(dir, storedName), "--identity", identity}, 0, "is whole"},
		{[]string{"backup", "verify", "rclone:drive:x", "--identity", another}, 2, "this key does not open it"},
		{[]string{"backup", "verify", "rclone:drive:x"}, 2, "this backup is encrypted"},
		{[]string{"backup", "verify", "rclone:drive:x/openalgo-0a1b2c-20200101T100000Z.tar.zst"}, 2, "there is no such backup"},
	} {
		var out bytes.Buffer
		if exit := Main(append([]string{program}, c.args...), strings.NewReader(""), &out, &out); exit != c.exit || !strings.Contains(out.String(), c.says) {
			t.Errorf("%q: exit %d, want %d and %q:\n%s", c.args, exit, c.exit, c.says, &out)
		}
	}
}
