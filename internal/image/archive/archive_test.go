package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// member is a file of an archive; link makes it a link.
type member struct{ name, text, link string }

const config = `{"architecture":"amd64","os":"linux","config":{"Labels":{"a":"b"}}}`

func blob(text string) member {
	return member{name: "blobs/sha256/" + digestOf([]byte(text)), text: text}
}

// saved is an archive as Docker writes it since release 25, with further members.
func saved(more ...member) []member {
	oci := blob(`{"schemaVersion":2,"config":{"digest":"sha256:` + digestOf([]byte(config)) + `"}}`)
	digest := strings.TrimPrefix(oci.name, "blobs/sha256/")
	one := fmt.Sprintf(`{"mediaType":"m","digest":"sha256:%s","size":%d,"annotations":{"io.containerd.image.name":"docker.io/library/%%s"}}`, digest, len(oci.text))
	return append([]member{
		blob(config), oci, {name: "blobs/sha256/layer", text: "layer"},
		{name: "index.json", text: `{"schemaVersion":2,"manifests":[` + fmt.Sprintf(one, "caddy:2") + "," + fmt.Sprintf(one, "marketcalls/openalgo:latest") + `]}`},
		{name: "manifest.json", text: `[{"Config":"` + blob(config).name + `","RepoTags":["marketcalls/openalgo:latest","caddy:2"],"Layers":["blobs/sha256/layer"]}]`},
		{name: "repositories", text: `{"caddy":{"2":"x"}}`},
	}, more...)
}

func tarOf(t *testing.T, members []member) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(m.text)), Typeflag: tar.TypeReg}
		if m.link != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, m.link
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func fileOf(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "openalgo.tar")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLook(t *testing.T) {
	t.Parallel()
	plain := tarOf(t, saved())
	var zipped bytes.Buffer
	gz := gzip.NewWriter(&zipped)
	_, _ = gz.Write(plain)
	_ = gz.Close()
	zst, _ := zstd.NewWriter(nil)
	for name, content := range map[string][]byte{"plain": plain, "gzip": zipped.Bytes(), "zstd": zst.EncodeAll(plain, nil)} {
		i, err := Look(t.Context(), fileOf(t, content))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if i.ID != "sha256:"+digestOf([]byte(config)) || !i.Is(i.ID, false) || i.Arch != "amd64" || i.OS != "linux" || i.Name != "marketcalls/openalgo:latest" || len(i.ids) != 2 || i.Is("", true) || i.Is("sha256:other", true) {
			t.Errorf("%s: %+v", name, i)
		}
	}
}

// An archive from before release 25 has no index, and links to a layer that it has twice.
func TestLookAtAnOldArchive(t *testing.T) {
	t.Parallel()
	name := digestOf([]byte(config)) + ".json"
	i, err := Look(t.Context(), fileOf(t, tarOf(t, []member{
		{name: name, text: config}, {name: "a/layer.tar", text: "x"}, {name: "b/layer.tar", link: "../a/layer.tar"},
		{name: "manifest.json", text: `[{"Config":"` + name + `","RepoTags":null,"Layers":["a/layer.tar","b/layer.tar"]}]`}})))
	if err != nil || i.Name != "" || len(i.ids) != 1 || i.Is("sha256:other", false) || !i.Is("sha256:other", true) {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	good := saved()
	without := func(name string) []member {
		var out []member
		for _, m := range good {
			if m.name != name {
				out = append(out, m)
			}
		}
		return out
	}
	plain := tarOf(t, good)
	for name, content := range map[string][]byte{
		"nothing":               nil,
		"no archive":            []byte("#!/bin/sh\n"),
		"cut":                   plain[:len(plain)/2],
		"damaged zstd":          []byte("\x28\xb5\x2f\xfdxxxxxxxxxxxxxxxx"),
		"damaged gzip":          []byte("\x1f\x8bxxxxxxxx"),
		"no manifest":           tarOf(t, without("manifest.json")),
		"no configuration":      tarOf(t, without(blob(config).name)),
		"two images":            tarOf(t, append(without("manifest.json"), member{name: "manifest.json", text: `[{},{}]`})),
		"two in the index":      tarOf(t, append(without("index.json"), member{name: "index.json", text: `{"manifests":[{"digest":"a"},{"digest":"b"}]}`})),
		"another configuration": tarOf(t, append(without(blob(config).name), member{name: blob(config).name, text: config + " "})),
		"a file twice":          tarOf(t, saved(member{name: "./manifest.json", text: "[]"})),
		"a link for a list":     tarOf(t, append(without("manifest.json"), member{name: "manifest.json", link: "/etc/passwd"})),
		"outside":               tarOf(t, saved(member{name: "../../etc/cron.d/x", text: "x"})),
		"absolute":              tarOf(t, saved(member{name: "/etc/cron.d/x", text: "x"})),
		"too many":              tarOf(t, saved(many(mostEntries)...)),
	} {
		if i, err := Look(t.Context(), fileOf(t, content)); !errors.Is(err, ErrNoArchive) {
			t.Errorf("%s: %+v, %v", name, i, err)
		}
	}
	if _, err := Look(t.Context(), t.TempDir()); !errors.Is(err, ErrNoArchive) {
		t.Errorf("a directory: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Look(ended, fileOf(t, plain)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func many(n int) (out []member) {
	for i := range n {
		out = append(out, member{name: fmt.Sprint("x", i)})
	}
	return out
}

// Docker gets one name, whatever names the file has.
func TestWrite(t *testing.T) {
	t.Parallel()
	i, err := Look(t.Context(), fileOf(t, tarOf(t, saved())))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := i.Write(t.Context(), &out, "openalgo-install/openalgo:file-x"); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Contains(text, "caddy") || strings.Contains(text, "marketcalls") || strings.Contains(text, "repositories") ||
		!strings.Contains(text, `"RepoTags":["openalgo-install/openalgo:file-x"]`) || !strings.Contains(text, `"io.containerd.image.name":"docker.io/openalgo-install/openalgo:file-x"`) {
		t.Error(text)
	}
	again, err := Look(t.Context(), fileOf(t, out.Bytes()))
	if err != nil || again.ID != i.ID || !again.Is(i.ID, true) || len(again.ids) != len(i.ids) {
		t.Errorf("%+v, %v", again, err)
	}
}

// A file that is replaced between the look and the load brings no image.
func TestWriteOfAChangedFile(t *testing.T) {
	t.Parallel()
	path := fileOf(t, tarOf(t, saved()))
	i, err := Look(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(config, "amd64", "arm64", 1)
	for name, members := range map[string][]member{
		"another configuration": {{name: blob(config).name, text: other}, {name: "manifest.json", text: `[{"Config":"` + blob(config).name + `"}]`}},
		"another image":         {blob(other), {name: "manifest.json", text: `[{"Config":"` + blob(other).name + `"}]`}},
		"no image":              {{name: "x"}},
	} {
		if err := os.WriteFile(path, tarOf(t, members), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := i.Write(t.Context(), io.Discard, "a:b"); !errors.Is(err, ErrNoArchive) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIsName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"/root/openalgo.tar.zst": true, "./openalgo.tar": true, "../x.tgz": true, "/x.tar.gz": true,
		"openalgo.tar": false, "marketcalls/openalgo:latest": false, "/src/openalgo": false, "https://example.com/x.tar": false, "": false,
	} {
		if IsName(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
