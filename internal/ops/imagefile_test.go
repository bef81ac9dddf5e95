package ops_test

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/templates"
)

// imageFile writes an image of a release into a file, and returns its ID.
func (b *box) imageFile(path, release string) string {
	b.t.Helper()
	config := `{"os":"linux","architecture":"` + b.docker.Facts.Arch + `","release":"` + release + `"}`
	sum := sha256.Sum256([]byte(config))
	id := hex.EncodeToString(sum[:])
	file, err := os.Create(path)
	must(b.t, err)
	defer file.Close()
	w := tar.NewWriter(file)
	for name, text := range map[string]string{id + ".json": config, "manifest.json": `[{"Config":"` + id + `.json","RepoTags":["caddy:2"],"Layers":[]}]`} {
		must(b.t, w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644}))
		_, err := w.Write([]byte(text))
		must(b.t, err)
	}
	must(b.t, w.Close())
	must(b.t, b.docker.PutImage(engine.Image{Ref: "files-of:" + release, ID: "sha256:" + id}, map[string]string{openalgo.Sample: string(templates.Env())}))
	must(b.t, b.docker.RemoveImage(b.t.Context(), "files-of:"+release)) // what it holds stays
	return "sha256:" + id
}

// An image comes from a file, an upgrade from a newer one, and the way back needs none.
func TestImageOfAFile(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "openalgo.tar")
	first := b.imageFile(path, "1")
	a := b.answers("")
	a.Image = answers.Image{Source: "file", Path: path}
	b.do(ops.Install(a, 0))
	if c := b.container(); c.ImageID != first || !strings.HasPrefix(c.Image, "openalgo-install/openalgo:file-") {
		t.Fatalf("%s runs, of %s", c.ImageID, c.Image)
	}
	if _, err := b.docker.Image(t.Context(), "caddy:2"); err == nil {
		t.Error("a name in the file became one of Docker's")
	}
	b.account()
	if newer, _, err := b.session().CheckUpgrade(t.Context(), ""); newer || err != nil {
		t.Errorf("the same file: %v, %v", newer, err)
	}
	if _, err := b.session().Plan(t.Context(), ops.Upgrade("2.0")); finding.IDOf(err) != "image-built" {
		t.Errorf("a release of a file: %v", err)
	}
	if _, err := b.session().Plan(t.Context(), ops.Upgrade(filepath.Join(dir, "none.tar"))); finding.IDOf(err) != "image-file" {
		t.Errorf("no file: %v", err)
	}
	newer := filepath.Join(dir, "newer.tar")
	second := b.imageFile(newer, "2")
	b.do(ops.Upgrade(newer))
	if c := b.container(); c.ImageID != second {
		t.Fatalf("%s runs after the upgrade", c.ImageID)
	}
	must(t, os.Remove(path))
	must(t, os.Remove(newer))
	b.do(ops.Restart())
	b.do(ops.Rollback())
	if c := b.container(); c.ImageID != first || c.State != "running" {
		t.Errorf("%+v", c)
	}
	b.do(ops.Restart())
	third := b.imageFile(path, "3")
	b.do(ops.Upgrade(""))
	if c := b.container(); c.ImageID != third {
		t.Errorf("%s runs after the file was replaced", c.ImageID)
	}
}
