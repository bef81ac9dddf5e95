package backup_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/backup"
)

// forged writes an archive of which every sum is right; entries come between
// its files and its end.
func forged(t *testing.T, trees string, entries ...tar.Header) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	zip, err := zstd.NewWriter(file)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(zip)
	last := map[string]string{}
	var order []string
	add := func(h tar.Header, text []byte) {
		h.Size, h.Mode = int64(len(text)), 0o600
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			return
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		if _, known := last[h.Name]; !known {
			order = append(order, h.Name)
		}
		last[h.Name] = fmt.Sprintf("%x", sha256.Sum256(text))
	}
	add(tar.Header{Name: "manifest.json", Typeflag: tar.TypeReg}, []byte(`{"format":"openalgo-install backup","version":1,"trees":[`+trees+`]}`))
	add(tar.Header{Name: "files/.env", Typeflag: tar.TypeReg}, []byte("A = '1'\n"))
	for _, h := range entries {
		text := bytes.Repeat([]byte("x"), int(h.Size))
		if h.Typeflag != tar.TypeReg {
			text = nil
		}
		add(h, text)
	}
	var sums strings.Builder
	for _, name := range order {
		fmt.Fprintf(&sums, "%s  %s\n", last[name], strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(name))
	}
	add(tar.Header{Name: "SHA256SUMS", Typeflag: tar.TypeReg}, []byte(sums.String()))
	if err := errors.Join(w.Close(), zip.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

const dbTree = `{"name":"db"}`

func reg(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg, Size: 3} }
func dir(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeDir} }
func link(name, to string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to}
}

// TestHostileEntries refuses, before anything is used, what no backup has.
func TestHostileEntries(t *testing.T) {
	t.Parallel()
	for name, entries := range map[string][]tar.Header{
		"device":                 {dir("data/db"), {Name: "data/db/sda", Typeflag: tar.TypeBlock, Devmajor: 8}},
		"character device":       {{Name: "data/db/mem", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 1}},
		"fifo":                   {{Name: "data/db/fifo", Typeflag: tar.TypeFifo}},
		"hard link":              {reg("data/db/a"), {Name: "data/db/b", Typeflag: tar.TypeLink, Linkname: "data/db/a"}},
		"hard link out":          {{Name: "data/db/b", Typeflag: tar.TypeLink, Linkname: "/etc/shadow"}},
		"link to the root":       {link("data/db/out", "/etc")},
		"link up":                {link("data/db/out", "../../../etc")},
		"link to another tree":   {link("data/db/out", "../strategies")},
		"link up behind another": {dir("data/db/a/b"), link("data/db/a/b/top", "../.."), link("data/db/out", "a/b/top/../../../etc")},
		"link that is a tree":    {link("data/db", "/etc")},
		"file as a tree":         {reg("data/db")},
		"file below a link":      {dir("data/db/a"), link("data/db/l", "a"), reg("data/db/l/file")},
		"file below a file":      {reg("data/db/a"), reg("data/db/a/file")},
		"absolute":               {reg("/data/db/a")},
		"dots":                   {reg("data/db/../../../etc/cron.d/x")},
		"dots at the end":        {dir("data/db/a/..")},
		"not in its short form":  {reg("data/db/./a")},
		"backslashes":            {reg(`data/db/..\..\etc\passwd`)},
		"long part":              {reg("data/db/" + strings.Repeat("a", 256))},
		"long name":              {reg("data/db" + strings.Repeat("/"+strings.Repeat("a", 200), 20))},
		"three times":            {reg("data/db/a"), reg("data/db/a"), reg("data/db/a")},
		"a file twice":           {reg("files/state"), reg("files/state")},
		"a link twice":           {link("data/db/l", "a"), link("data/db/l", "b")},
		"unlisted tree":          {reg("data/etc/passwd")},
		"elsewhere":              {reg("etc/passwd")},
		"directory of files":     {dir("files/x")},
		"large file":             {{Name: "files/large", Typeflag: tar.TypeReg, Size: 5 << 20}},
		"second manifest":        {reg("manifest.json")},
		"impossible owner":       {{Name: "data/db/a", Typeflag: tar.TypeReg, Uid: 1 << 40}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entries = append(entries, reg("data/db/openalgo.db"))
			if _, err := backup.Open(t.Context(), forged(t, dbTree, entries...), backup.Key{}); !errors.Is(err, backup.ErrNoArchive) {
				t.Errorf("taken: %v", err)
			}
		})
	}
	for _, trees := range []string{`{"name":"../etc"}`, `{"name":""}`, `{"name":"a/b"}`, dbTree + "," + dbTree, `{"name":"db","bytes":-1}`} {
		if _, err := backup.Open(t.Context(), forged(t, trees), backup.Key{}); !errors.Is(err, backup.ErrNoArchive) {
			t.Errorf("%s: taken: %v", trees, err)
		}
	}
	good := []tar.Header{
		dir("data/db"), reg("data/db/a"), dir("data/db/sub"), link("data/db/sub/up", "../a"), link("data/db/here", "sub/./up"),
		reg("data/db/with\nline and \\n"), reg("data/db/a"),
	}
	a, err := backup.Open(t.Context(), forged(t, dbTree, good...), backup.Key{})
	if err != nil || a.Held["db"] != 6 {
		t.Errorf("%v, %v", err, a)
	}
}

// TestSmallArchiveTakesLittleMemory unpacks what was packed into nothing.
func TestSmallArchiveTakesLittleMemory(t *testing.T) {
	var texts, names []tar.Header
	for n := range 64 {
		texts = append(texts, tar.Header{Name: fmt.Sprint("files/", n), Typeflag: tar.TypeReg, Size: 4 << 20})
	}
	for n := range 26_000 {
		names = append(names, reg("data/db/"+strings.Repeat("n", 200)+"/"+strings.Repeat("m", 240)+"/"+strings.Repeat("o", 200)+fmt.Sprint(n)))
	}
	for what, entries := range map[string][]tar.Header{"files": texts, "names": names} {
		path := forged(t, dbTree, entries...)
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := backup.Open(t.Context(), path, backup.Key{})
		runtime.ReadMemStats(&after)
		if used := (int64(after.HeapSys) - int64(before.HeapSys)) >> 20; !errors.Is(err, backup.ErrNoArchive) || used > 200 {
			t.Errorf("%s: %v, %d MiB", what, err, used)
		}
	}
}

// TestOpenDoesNotBlock is given what never ends, or never begins.
func TestOpenDoesNotBlock(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, "/dev/zero", t.TempDir()} {
		if _, err := backup.Open(t.Context(), path, backup.Key{}); !errors.Is(err, backup.ErrNoArchive) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestLinksThatLeadOutAreLeftOut wants every backup to be one that is taken.
func TestLinksThatLeadOutAreLeftOut(t *testing.T) {
	t.Parallel()
	source := t.TempDir()
	write(t, filepath.Join(source, "a.db"), []byte("data"), time.Hour)
	for name, to := range map[string]string{"out": "/etc/passwd", "up": "../x", "in": "a.db"} {
		if err := os.Symlink(to, filepath.Join(source, name)); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	tree := backup.Tree{Name: "db", Path: source}
	w, err := backup.NewWriter(&out, backup.Manifest{Trees: []backup.Tree{tree}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Tree(t.Context(), tree), w.Close()); err != nil {
		t.Fatal(err)
	}
	if len(w.LeftOut()) != 2 {
		t.Errorf("left out: %v", w.LeftOut())
	}
	path := filepath.Join(t.TempDir(), "archive")
	write(t, path, out.Bytes(), 0)
	a, err := backup.Open(t.Context(), path, backup.Key{})
	if err != nil {
		t.Fatal(err)
	}
	target := t.TempDir()
	if err := a.Extract(t.Context(), map[string]string{"db": target}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(target, "out")); err == nil {
		t.Error("the link that leads out is back")
	}
	if to, err := os.Readlink(filepath.Join(target, "in")); err != nil || to != "a.db" {
		t.Errorf("%q, %v", to, err)
	}
}
