package bootstrap

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"aead.dev/minisign"
	"go.yaml.in/yaml/v4"
)

// release is a page of releases, as GitHub has it.
type release struct {
	t      *testing.T
	base   string
	keys   []minisign.PrivateKey // what install.sh trusts
	script string                // install.sh, filled in for 1.0.0

	mu     sync.Mutex
	latest string
	files  map[string][]byte // by version and name: v1.0.0/checksums.txt
	asked  []string
}

func newRelease(t *testing.T) *release {
	t.Helper()
	r := &release{t: t, files: map[string][]byte{}, script: filepath.Join(t.TempDir(), "install.sh")}
	text, err := asset()
	if err != nil {
		t.Fatal(err)
	}
	r.keys = trusted
	write(t, r.script, text)
	server := httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(server.Close)
	r.base = server.URL
	return r
}

// trusted are the keys of the project, which has two while it replaces one.
var trusted []minisign.PrivateKey

// asset is install.sh as release 1.0.0 has it.
var asset = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "openalgo-bootstrap-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	var public []string
	for range 2 {
		key, private, err := minisign.GenerateKey(nil)
		if err != nil {
			return "", err
		}
		trusted, public = append(trusted, private), append(public, key.String())
	}
	out := filepath.Join(dir, "install.sh")
	fill := exec.Command("bash", "../../scripts/install-asset.sh", out)
	fill.Env = append(os.Environ(), "VERSION=1.0.0", "RELEASE_PUBLIC_KEYS="+strings.Join(public, ","))
	if said, err := fill.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, said)
	}
	text, err := os.ReadFile(out)
	return string(text), err
})

func (r *release) serve(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := strings.TrimPrefix(req.URL.Path, "/download/")
	if rest, ok := strings.CutPrefix(req.URL.Path, "/latest/download/"); ok {
		name = "v" + r.latest + "/" + rest
	}
	r.asked = append(r.asked, name)
	if text, ok := r.files[name]; ok {
		_, _ = w.Write(text)
		return
	}
	http.NotFound(w, req)
}

// on returns a machine that gets its releases here.
func (r *release) on(t *testing.T, shell string) *machine {
	t.Helper()
	m := newMachine(t, shell)
	m.env = append(m.env, "OPENALGO_INSTALL_RELEASES="+r.base, "RAN="+filepath.Join(m.home(), "ran"))
	return m
}

// publish makes a version the latest.
func (r *release) publish(version string) {
	r.t.Helper()
	archives := map[string][]byte{}
	for _, arch := range []string{"amd64", "arm64"} {
		archives["openalgo-install_linux_"+arch+".tar.gz"] = archive(r.t, version, arch)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var sums []byte
	for name, content := range archives {
		r.files["v"+version+"/"+name] = content
		sums = fmt.Appendf(sums, "%x  %s\n", sha256.Sum256(content), name)
	}
	r.latest = version
	r.files["v"+version+"/checksums.txt"] = sums
	r.files["v"+version+"/checksums.txt.minisig"] = sign(r.t, r.keys[1], version, sums)
}

// sign does what the minisign command does.
func sign(t *testing.T, key minisign.PrivateKey, version string, text []byte) []byte {
	t.Helper()
	in := minisign.NewReader(bytes.NewReader(text))
	if _, err := io.Copy(io.Discard, in); err != nil {
		t.Fatal(err)
	}
	return in.SignWithComments(key, "openalgo-install "+version, "x")
}

// archive has what .goreleaser.yaml puts in one, with a program that notes each run.
func archive(t *testing.T, version, arch string) []byte {
	t.Helper()
	program := fmt.Sprintf(`#!/bin/sh
echo "$*" >>"$RAN"
case $1 in version) echo "openalgo-install %s (linux/%s, go1.26.8)" && exit ;; esac
echo "started: $*"
if read -r line; then echo "got: $line"; fi
`, version, arch)
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	pack := tar.NewWriter(zip)
	for _, file := range [][2]string{
		{"LICENSE", "x"}, {"README.md", "x"}, {"openalgo-install", program},
		{"completions/openalgo-install.bash", "x"}, {"completions/openalgo-install.fish", "x"}, {"completions/openalgo-install.zsh", "x"},
		{"man/openalgo-install.1.gz", "x"}, {"man/openalgo-install-status.1.gz", "x"},
	} {
		if err := pack.WriteHeader(&tar.Header{Name: file[0], Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(file[1]))}); err != nil {
			t.Fatal(err)
		}
		_, _ = pack.Write([]byte(file[1]))
	}
	_ = pack.Close()
	_ = zip.Close()
	return out.Bytes()
}

// TestReleaseHasTheseNames compares the releases of these tests with those of goreleaser.
func TestReleaseHasTheseNames(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	type extra struct {
		Glob string `yaml:"glob"`
	}
	var config struct {
		Project  string `yaml:"project_name"`
		Archives []struct {
			Formats []string `yaml:"formats"`
			Name    string   `yaml:"name_template"`
			Files   []struct {
				Src, Dst string
			} `yaml:"files"`
		} `yaml:"archives"`
		Checksum struct {
			Name  string  `yaml:"name_template"`
			Extra []extra `yaml:"extra_files"`
		} `yaml:"checksum"`
		Release struct {
			Extra []extra `yaml:"extra_files"`
		} `yaml:"release"`
		Signs []struct {
			ID, Signature string
			Args          []string
		} `yaml:"signs"`
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	one := config.Archives[0]
	if config.Project != "openalgo-install" || one.Name != "{{ .ProjectName }}_{{ .Os }}_{{ .Arch }}" || !slices.Equal(one.Formats, []string{"tar.gz"}) {
		t.Errorf("the archives are called %q: %q", one.Name, one.Formats)
	}
	dirs := map[string]bool{}
	for _, file := range one.Files {
		dirs[file.Dst] = true
	}
	if !dirs["completions"] || !dirs["man"] {
		t.Errorf("the archives have %v", one.Files)
	}
	script := []extra{{".build/release/install.sh"}}
	if config.Checksum.Name != "checksums.txt" || !slices.Equal(config.Checksum.Extra, script) || !slices.Equal(config.Release.Extra, script) {
		t.Errorf("install.sh is no file of the release, or has no checksum: %+v, %+v", config.Checksum, config.Release)
	}
	signed := slices.ContainsFunc(config.Signs, func(s struct {
		ID, Signature string
		Args          []string
	}) bool {
		return s.Signature == "${artifact}.minisig" && slices.Contains(s.Args, "openalgo-install {{ .Version }}")
	})
	if !signed {
		t.Error("no signature has the version in its comment")
	}
}
