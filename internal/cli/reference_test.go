package cli

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra/doc"
)

var update = flag.Bool("update", false, "write docs/cli anew")

// TestReference holds docs/cli against the commands; make docs brings it up to
// date.
func TestReference(t *testing.T) {
	docs := filepath.Join("..", "..", "docs", "cli")
	fresh := t.TempDir()
	root := newRoot(&app{stdin: &bytes.Buffer{}, stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}})
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	root.DisableAutoGenTag = true
	if err := doc.GenMarkdownTree(root, fresh); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.RemoveAll(docs); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(docs, os.DirFS(fresh)); err != nil {
			t.Fatal(err)
		}
	}
	want, _ := filepath.Glob(filepath.Join(fresh, "*.md"))
	have, _ := filepath.Glob(filepath.Join(docs, "*.md"))
	if len(want) != len(have) {
		t.Errorf("docs/cli has %d pages, the commands make %d: make docs", len(have), len(want))
	}
	for _, path := range want {
		text, _ := os.ReadFile(path)
		if old, err := os.ReadFile(filepath.Join(docs, filepath.Base(path))); err != nil || !bytes.Equal(old, text) {
			t.Errorf("docs/cli/%s is not up to date: make docs", filepath.Base(path))
		}
	}
}

// TestManPages reads each page as man does, where there is a formatter.
func TestManPages(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff here")
	}
	dir := t.TempDir()
	root := newRoot(&app{stdin: &bytes.Buffer{}, stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}})
	if err := writePages(root, dir); err != nil {
		t.Fatal(err)
	}
	pages, _ := filepath.Glob(filepath.Join(dir, "*.1"))
	if len(pages) < 10 {
		t.Fatalf("%d pages", len(pages))
	}
	for _, page := range pages {
		out, err := exec.Command(groff, "-man", "-ww", "-z", "-Tutf8", page).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", filepath.Base(page), err, out)
		}
	}
}
