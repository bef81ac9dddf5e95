package cli

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

var update = flag.Bool("update", false, "write docs/cli and the man pages again")

func rootForDocs() *cobra.Command {
	root := newRoot(&app{stdin: &bytes.Buffer{}, stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}})
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	root.DisableAutoGenTag = true
	return root
}

// TestReference holds docs/cli against the commands; make docs brings it up to
// date.
func TestReference(t *testing.T) {
	fresh := t.TempDir()
	if err := doc.GenMarkdownTree(rootForDocs(), fresh); err != nil {
		t.Fatal(err)
	}
	compare(t, filepath.Join("..", "..", "docs", "cli"), fresh)
}

// TestManPages holds the embedded pages against the commands, and reads each as
// man does, where there is a formatter.
func TestManPages(t *testing.T) {
	fresh := t.TempDir()
	date, err := time.Parse("Jan 2006", pageDate)
	if err != nil {
		t.Fatal(err)
	}
	header := &doc.GenManHeader{Section: "1", Source: pageVersion, Manual: program, Date: &date}
	if err := doc.GenManTree(rootForDocs(), header, fresh); err != nil {
		t.Fatal(err)
	}
	compare(t, "man", fresh)

	written := t.TempDir()
	if err := writePages(written); err != nil {
		t.Fatal(err)
	}
	groff, err := exec.LookPath("groff")
	list, _ := filepath.Glob(filepath.Join(written, "*.1"))
	if len(list) < 10 {
		t.Fatalf("%d pages", len(list))
	}
	for _, path := range list {
		text, _ := os.ReadFile(path)
		if title, _, _ := bytes.Cut(text, []byte("\n.SH")); bytes.Contains(title, []byte(pageVersion)) || bytes.Contains(title, []byte(pageDate)) {
			t.Errorf("%s: %s", filepath.Base(path), title)
		}
		if err != nil {
			continue // no groff here
		}
		if out, err := exec.Command(groff, "-man", "-ww", "-z", "-Tutf8", path).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", filepath.Base(path), err, out)
		}
	}
}

// compare holds a directory against what was made just now; -update replaces it.
func compare(t *testing.T, dir, fresh string) {
	t.Helper()
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(dir, os.DirFS(fresh)); err != nil {
			t.Fatal(err)
		}
	}
	want, _ := os.ReadDir(fresh)
	have, _ := os.ReadDir(dir)
	if len(want) != len(have) {
		t.Errorf("%s has %d pages, the commands make %d: make docs", dir, len(have), len(want))
	}
	for _, entry := range want {
		text, _ := os.ReadFile(filepath.Join(fresh, entry.Name()))
		if old, err := os.ReadFile(filepath.Join(dir, entry.Name())); err != nil || !bytes.Equal(old, text) {
			t.Errorf("%s/%s is not up to date: make docs", dir, entry.Name())
		}
	}
}
