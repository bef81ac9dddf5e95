package offline

import (
	"archive/tar"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image/archive"
)

// docker has one image.
type docker struct{ fails error }

const config = `{"os":"linux","architecture":"amd64"}`

func (docker) Image(context.Context, string) (engine.Image, error) {
	return engine.Image{ID: "sha256:x", OS: "linux", Arch: "amd64"}, nil
}

func (d docker) SaveImage(_ context.Context, _ string, to io.Writer) error {
	sum := sha256.Sum256([]byte(config))
	name := hex.EncodeToString(sum[:]) + ".json"
	w := tar.NewWriter(to)
	for name, text := range map[string]string{name: config, "manifest.json": `[{"Config":"` + name + `"}]`} {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text))}); err != nil {
			return err
		}
		_, _ = io.WriteString(w, text)
	}
	return errors.Join(w.Close(), d.fails)
}

type quiet struct{}

func (quiet) Report(event.Event) {}

func TestMake(t *testing.T) {
	t.Parallel()
	public, private, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "out")
	m, err := Make(t.Context(), docker{}, Options{Dir: dir, Ref: "openalgo:1", Key: &private, Report: quiet{},
		Fetch: func(_ context.Context, dir string) (string, error) {
			return "install them", errors.Join(os.Mkdir(filepath.Join(dir, "partial"), 0o755), os.WriteFile(filepath.Join(dir, "docker.deb"), []byte("x"), 0o600))
		}})
	if err != nil || m.Packages != 1 || !m.Signed || m.Platform != "linux/amd64" {
		t.Fatalf("%+v, %v", m, err)
	}
	if _, err := archive.Look(t.Context(), filepath.Join(dir, ImageFile)); err != nil {
		t.Error(err)
	}
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{Program, ImageFile, "README.txt", "docker/docker.deb"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		sum := sha256.Sum256(text)
		if err != nil || !strings.Contains(string(sums), hex.EncodeToString(sum[:])+"  "+name+"\n") {
			t.Errorf("%s: %v\n%s", name, err, sums)
		}
	}
	signed, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS.minisig"))
	if err != nil || !minisign.Verify(public, sums, signed) {
		t.Errorf("the signature does not fit: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, Program)); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", info, err)
	}
	if all := strings.Join(m.Commands, "\n"); !strings.Contains(all, "install them") || !strings.Contains(all, "sha256sum -c SHA256SUMS") {
		t.Error(all)
	}
}

// What fails leaves nothing behind, and what is there already is not touched.
func TestMakeThatFails(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "out")
	_, err := Make(t.Context(), docker{fails: errors.New("the disk is full")}, Options{Dir: dir, Ref: "x", Report: quiet{}})
	if finding.IDOf(err) != "offline-failed" {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory: %v", err)
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, Program), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Make(t.Context(), docker{}, Options{Dir: full, Ref: "x", Report: quiet{}})
	text, _ := os.ReadFile(filepath.Join(full, Program))
	if finding.IDOf(err) != "offline-dir" || string(text) != "mine" {
		t.Errorf("%v, %q", err, text)
	}
}
