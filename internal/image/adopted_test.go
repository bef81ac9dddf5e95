package image

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
)

func TestAdoptedImage(t *testing.T) {
	for name, test := range map[string]struct {
		file    string
		path    bool // built from the directory
		advised bool // it says that it cannot be built again
	}{
		"no build":           {"services: {openalgo: {image: x}}", false, false},
		"of the checkout":    {"services: {openalgo: {image: x, build: {context: ., dockerfile: Dockerfile}}}", true, false},
		"short form":         {"services: {openalgo: {build: .}}", true, false},
		"of another service": {"services: {openalgo: {image: x}, other: {build: .}}", false, false},
		"another file":       {"services: {openalgo: {build: {context: ., dockerfile: Dockerfile.mine}}}", false, true},
		"arguments":          {"services: {openalgo: {build: {context: ., args: {A: b}}}}", false, true},
		"a variable":         {"services: {openalgo: {build: \"${SRC}\"}}", false, true},
		"a repository":       {"services: {openalgo: {build: https://example.com/x.git}}", false, true},
		"no checkout":        {"services: {openalgo: {build: ./src}}", false, true},
		"no YAML":            {"services: [", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{"docker-compose.yaml": test.file, "Dockerfile": "FROM x\n", "app.py": "\n"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			c := engine.Container{Image: "openalgo:latest", Labels: map[string]string{
				compose.LabelService: "openalgo", compose.LabelFiles: "/etc/passwd," + filepath.Join(dir, "docker-compose.yaml")}}
			image, how := Adopted(dir, c)
			want := answers.Image{Source: "registry", Ref: "openalgo:latest"}
			if test.path {
				want = answers.Image{Source: "path", Path: dir, Dockerfile: "theirs"}
			}
			if image.Source != want.Source || image.Path != want.Path || image.Ref != want.Ref || image.Dockerfile != want.Dockerfile || (how != "") != (test.path || test.advised) {
				t.Errorf("%+v, %q", image, how)
			}
		})
	}
}

func TestOwnTags(t *testing.T) {
	const id = "sha256:0123456789abcdef0123"
	if got := OwnTag("openalgo", id); got != "openalgo-install-openalgo-0123456789ab" {
		t.Error(got)
	}
	for ref, want := range map[string]bool{
		"127.0.0.1:5000/openalgo:openalgo-install-openalgo-0123456789ab": true, "marketcalls/openalgo:latest": false,
		"openalgo-install/openalgo:abc": false, id: false, "marketcalls/openalgo@sha256:" + "00": false,
	} {
		if IsOwnTag(ref) != want {
			t.Errorf("%s: %v", ref, !want)
		}
	}
	own := "127.0.0.1:5000/openalgo:" + OwnTag("openalgo", id)
	for ref, want := range map[string]bool{own: true, own + "0": false, "x:" + OwnTag("openalgo-2", id): false, OwnTag("openalgo", id): false} {
		if IsTagOf(ref, "openalgo") != want {
			t.Errorf("%s: %v", ref, !want)
		}
	}
}
