package e2e_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"aead.dev/minisign"
)

// released builds the program as a release has it, with the keys that it trusts.
func released(t *testing.T, version, keys string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "openalgo-install")
	const module = "github.com/marketcalls/openalgo-install/internal/"
	flags := "-s -w -X " + module + "cli.version=" + version + " -X " + module + "selfupdate.publicKeys=" + keys
	build := exec.Command("go", "build", "-trimpath", "-ldflags="+flags, "-tags=nethttpomithttp2", "-o", path, "../../cmd/openalgo-install")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// archiveOf packs a program as a release does.
func archiveOf(t *testing.T, program string) []byte {
	t.Helper()
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	pack := tar.NewWriter(zip)
	_ = pack.WriteHeader(&tar.Header{Name: "LICENSE", Typeflag: tar.TypeReg, Mode: 0o644})
	_ = pack.WriteHeader(&tar.Header{Name: "openalgo-install", Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(content))})
	_, _ = pack.Write(content)
	_ = pack.Close()
	_ = zip.Close()
	return out.Bytes()
}

func TestSelfUpdate(t *testing.T) {
	t.Parallel()
	public, private, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	nextPublic, next, _ := minisign.GenerateKey(nil)
	_, stranger, _ := minisign.GenerateKey(nil)
	keys := public.String() + "," + nextPublic.String()
	old, fresh := released(t, "1.0.0", keys), archiveOf(t, released(t, "1.1.0", keys))
	before := archiveOf(t, old)
	former, err := os.ReadFile(old)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	mux := http.NewServeMux()
	mux.HandleFunc("/latest", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/tag/v1.1.0", http.StatusFound) })
	mux.HandleFunc("/download/", func(w http.ResponseWriter, r *http.Request) {
		text, ok := files[strings.TrimPrefix(r.URL.Path, "/download/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(text)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	publish := func(version, named string, archive []byte, key minisign.PrivateKey) {
		name := fmt.Sprintf("openalgo-install_%s_%s.tar.gz", runtime.GOOS, runtime.GOARCH)
		sums := fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(archive), name)
		at := "v" + version + "/"
		files[at+name], files[at+"checksums.txt"], files[at+"checksums.txt.minisig"] = archive, sums, minisign.SignWithComments(key, sums, "openalgo-install "+named, "")
	}
	run := func(program string, args ...string) outcome {
		i := &instance{t: t, program: program, dir: t.TempDir(), env: []string{"OPENALGO_INSTALL_RELEASES=" + server.URL}}
		return i.run(args...)
	}
	mustStay := func(what string, out outcome, code int) {
		t.Helper()
		now, err := os.ReadFile(old)
		if out.code != code || err != nil || !bytes.Equal(now, former) {
			t.Errorf("%s: exit %d, want %d\n%s", what, out.code, code, out.all())
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(old), ".*")); len(left) > 0 {
			t.Errorf("%s: left over: %v", what, left)
		}
	}
	mustStay("nothing there", run(old, "self-update"), 1)
	publish("1.1.0", "1.1.0", fresh, stranger)
	mustStay("signed by a stranger", run(old, "self-update"), 1)
	publish("1.1.0", "1.0.9", fresh, private)
	mustStay("the list of another version", run(old, "self-update"), 1)
	publish("1.1.0", "1.1.0", fresh, private)
	name := fmt.Sprintf("v1.1.0/openalgo-install_%s_%s.tar.gz", runtime.GOOS, runtime.GOARCH)
	files[name] = append(bytes.Clone(fresh), 0)
	mustStay("changed on its way", run(old, "self-update"), 1)
	publish("1.1.0", "1.1.0", archiveOf(t, old), private)
	mustStay("another version inside", run(old, "self-update"), 1)
	mustStay("not a version", run(old, "self-update", "--to", "newest"), 2)
	mustStay("a build without a key", run(program, "self-update"), 3)

	publish("1.1.0", "1.1.0", fresh, private)
	mustStay("the check", run(old, "version", "--check"), 10)
	out := run(old, "self-update")
	if out.code != 0 || !strings.Contains(out.stdout, "is version 1.1.0 now (was 1.0.0)") {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	if out := run(old, "version", "--check"); out.code != 0 || !strings.Contains(out.stdout, "1.1.0 is the newest") {
		t.Error(out.all())
	}
	if out := run(old, "self-update"); out.code != 0 || !strings.Contains(out.stdout, "Nothing to do") {
		t.Error(out.all())
	}
	// The next key is trusted before it signs.
	publish("1.0.0", "1.0.0", before, next)
	if out := run(old, "self-update", "--to", "1.0.0"); out.code != 0 {
		t.Error(out.all())
	}
	// Elsewhere than on a line of its own, nobody may pose as the project.
	i := &instance{t: t, program: old, dir: t.TempDir(), env: []string{"OPENALGO_INSTALL_RELEASES=http://releases.example.com"}}
	if out := i.run("version", "--check"); out.code != 2 {
		t.Errorf("plain http is taken: exit %d", out.code)
	}
}
