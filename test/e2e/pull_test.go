package e2e_test

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
	"github.com/marketcalls/openalgo-install/templates"
)

// The login that a test registry asks for.
const (
	registryUser     = "alice"
	registryPassword = "canary-registry-9d31c7"
)

// missing skips a test, or fails it where everything must be there.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("OPENALGO_E2E") == "require" {
		t.Fatalf("OPENALGO_E2E=require, and %s", what)
	}
	t.Skip(what)
}

// startRegistry runs a registry of the test's own on loopback and returns its address.
func startRegistry(t *testing.T, args ...string) string {
	t.Helper()
	address, stop, err := runRegistry(args...)
	if err != nil {
		missing(t, err.Error())
	}
	t.Cleanup(stop)
	return address
}

func runRegistry(args ...string) (address string, stop func(), err error) {
	path := os.Getenv("OPENALGO_REGISTRY")
	if path == "" {
		return "", nil, errors.New("OPENALGO_REGISTRY does not name the registry (test/tools/build.sh builds it)")
	}
	cmd := exec.Command(path, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	address, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("the registry's address: %w", err)
	}
	return strings.TrimSpace(address), stop, nil
}

// sharedRegistry is a place of the test's own on one registry for all tests that need
// nothing of theirs there: it has the test app's program already, as the engine has.
func sharedRegistry(t *testing.T) (place string) {
	t.Helper()
	registry.once.Do(func() { registry.address, registry.stop, registry.err = runRegistry() })
	if registry.err != nil {
		missing(t, registry.err.Error())
	}
	return registry.address + "/" + strings.ToLower(rand.Text()[:10])
}

var registry struct {
	once    sync.Once
	address string
	stop    func()
	err     error
}

// dockerConfig is docker's configuration directory with this config.json.
func dockerConfig(t *testing.T, config any) string {
	t.Helper()
	data, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// loggedIn is what docker login leaves for a registry.
func loggedIn(t *testing.T, address string) string {
	t.Helper()
	login := base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + registryPassword))
	return dockerConfig(t, map[string]any{"auths": map[string]any{address: map[string]string{"auth": login}}})
}

// push makes the rehearsal image, gives it to the registry, and takes it off
// the engine again.
func push(t *testing.T, ref, config string) {
	t.Helper()
	if _, err := exec.LookPath("docker"); err != nil {
		missing(t, "there is no docker command to push with")
	}
	// A layer of its own for each registry, so that each pull has something to bring.
	importImage(t, ref, "LABEL pushed="+ref)
	t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", "--force", ref).Run() })
	cmd := exec.Command("docker", "push", ref)
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+config)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker push: %v\n%s", err, out)
	}
	if err := docker.RemoveImage(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
}

// importImage makes the rehearsal image under another name, with further lines
// of a Dockerfile.
func importImage(t *testing.T, ref string, more ...string) {
	t.Helper()
	self, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	stat, err := self.Stat()
	if err != nil {
		t.Fatal(err)
	}
	reader, writer := io.Pipe()
	defer reader.Close()
	go func() {
		writer.CloseWithError(rehearsal.WriteImage(writer, self, stat.Size(), stat.ModTime(), templates.Env()))
	}()
	changes := append(rehearsal.ImageChanges("rehearsal", pushedRef), more...)
	if _, err := docker.Import(t.Context(), ref, reader, changes); err != nil {
		t.Fatal(err)
	}
}

// from changes the answers to an image of a registry.
func (i *instance) from(ref string) {
	i.t.Helper()
	text, err := os.ReadFile(i.answers)
	if err != nil {
		i.t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("{source: rehearsal}"), []byte("{source: registry, ref: '"+ref+"'}"), 1)
	if err := os.WriteFile(i.answers, text, 0o600); err != nil {
		i.t.Fatal(err)
	}
}

// newInstanceFrom is an instance whose image comes from a registry.
func newInstanceFrom(t *testing.T, ref string) *instance {
	t.Helper()
	i := newInstance(t)
	i.from(ref)
	t.Cleanup(func() { // before the project goes, its image is in use
		removeProject(t, i.project)
		_ = exec.Command("docker", "image", "rm", "--force", ref).Run()
	})
	return i
}

func (o outcome) mustNotTellTheLogin(t *testing.T) {
	t.Helper()
	encoded := base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + registryPassword))
	for _, secret := range []string{registryPassword, encoded} {
		if strings.Contains(o.all(), secret) {
			t.Errorf("the registry's password is printed:\n%s", o.all())
		}
	}
}

func TestPull(t *testing.T) {
	t.Parallel()
	ref := startRegistry(t) + "/openalgo:1"
	i := newInstanceFrom(t, ref)
	push(t, ref, t.TempDir())

	plan := i.install(0, "--dry-run")
	if !strings.Contains(plan.stdout, ref) {
		t.Errorf("the plan does not name the image:\n%s", plan.stdout)
	}
	i.mustBeUntouched()

	out := i.install(0)
	// containerd's store tells bytes ten times a second: of a small image perhaps none.
	if !docker.Info().Containerd && !regexp.MustCompile(`(?m)^ +\d+%.*, \d+ of \d+ layers?$`).MatchString(out.stdout) {
		t.Errorf("no line tells how far the pull is:\n%s", out.stdout)
	}
	if !strings.Contains(out.stdout, "bring the image "+ref) {
		t.Errorf("no line tells which image comes:\n%s", out.stdout)
	}
	i.mustBeReady()
	if image := i.container().Image; image != ref {
		t.Errorf("the container is made from %s, want %s", image, ref)
	}

	before, id := snapshot(t, i.dir), i.container().ID
	if out := i.install(0); !strings.Contains(out.stdout, "Nothing to do") {
		t.Errorf("the second run does not say that there is nothing to do:\n%s", out.stdout)
	}
	if snapshot(t, i.dir) != before || i.container().ID != id {
		t.Error("the second run changed something")
	}
}

func TestPullWithLogin(t *testing.T) {
	t.Parallel()
	for _, auth := range []string{"bearer", "basic"} {
		t.Run(auth, func(t *testing.T) {
			t.Parallel()
			address := startRegistry(t, "-user", registryUser, "-password", registryPassword, "-auth", auth)
			ref := address + "/team/openalgo:1"
			i := newInstanceFrom(t, ref)
			login := loggedIn(t, address)
			push(t, ref, login)

			i.env = []string{"DOCKER_CONFIG=" + t.TempDir()}
			out := i.install(1)
			out.mustSay(t, "needs a login", "docker login "+address, "nothing was changed")
			i.mustBeUntouched()

			wrong := base64.StdEncoding.EncodeToString([]byte(registryUser + ":canary-wrong"))
			i.env = []string{"DOCKER_CONFIG=" + dockerConfig(t,
				map[string]any{"auths": map[string]any{address: map[string]string{"auth": wrong}}})}
			out = i.install(1)
			out.mustSay(t, "login", address)
			if strings.Contains(out.all(), "canary-wrong") {
				t.Errorf("the wrong password is printed:\n%s", out.all())
			}
			i.mustBeUntouched()

			i.env = []string{"DOCKER_CONFIG=" + login}
			out = i.install(0, "--json")
			out.mustNotTellTheLogin(t)
			outcome{stdout: i.read(".openalgo-install/log")}.mustNotTellTheLogin(t)
			if !strings.Contains(out.stdout, `"type":"progress"`) {
				t.Errorf("no progress event:\n%s", out.stdout)
			}
			i.mustBeReady()
		})
	}
}

func TestPullWithCredentialHelper(t *testing.T) {
	t.Parallel()
	address := startRegistry(t, "-user", registryUser, "-password", registryPassword)
	ref := address + "/openalgo:1"
	i := newInstanceFrom(t, ref)
	push(t, ref, loggedIn(t, address))

	bin := t.TempDir()
	helper := fmt.Sprintf("#!/bin/sh\ncat >/dev/null\necho '{\"ServerURL\":\"%s\",\"Username\":\"%s\",\"Secret\":\"%s\"}'\n",
		address, registryUser, registryPassword)
	if err := os.WriteFile(filepath.Join(bin, "docker-credential-e2e"), []byte(helper), 0o755); err != nil {
		t.Fatal(err)
	}
	config := dockerConfig(t, map[string]any{"credHelpers": map[string]string{address: "e2e"}})

	// A helper that is not there: the login is what is missing, and why.
	i.env = []string{"DOCKER_CONFIG=" + config}
	i.install(1).mustSay(t, "docker-credential-e2e")
	i.mustBeUntouched()

	i.env = append(i.env, "PATH="+bin+":"+os.Getenv("PATH"))
	i.install(0, "--verbose").mustNotTellTheLogin(t)
	i.mustBeReady()
}

func TestPullImageNotFound(t *testing.T) {
	t.Parallel()
	ref := startRegistry(t) + "/openalgo:none"
	i := newInstanceFrom(t, ref)
	i.install(1).mustSay(t, "there is no image "+ref, "nothing was changed", "image.ref")
	i.mustBeUntouched()

	out := i.install(1, "--json")
	lines := strings.Split(strings.TrimSpace(out.stdout), "\n")
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, `{"type":"result"`) || !strings.Contains(last, `"exit":1`) {
		t.Errorf("the last line is no result with exit 1: %s", last)
	}
	i.mustBeUntouched()
}

// A stack that runs goes on when the image that it is to change to cannot be had.
func TestPullThatFailsOnAChange(t *testing.T) {
	t.Parallel()
	ref := startRegistry(t) + "/openalgo:none"
	i := newInstance(t)
	i.install(0)
	id, env := i.container().ID, i.read(".env")
	i.from(ref)
	i.install(1).mustSay(t, "there is no image "+ref)
	if i.container().ID != id || i.read(".env") != env {
		t.Error("the stack was changed")
	}
	i.mustBeReady()
	i.write("")
	if out := i.install(0); !strings.Contains(out.stdout, "Nothing to do") {
		t.Errorf("with the former answers there is something to do:\n%s", out.stdout)
	}
}

func TestPullRegistryDown(t *testing.T) {
	t.Parallel()
	port, err := host.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	ref := fmt.Sprintf("127.0.0.1:%d/openalgo:1", port)
	i := newInstanceFrom(t, ref)
	i.install(1).mustSay(t, fmt.Sprintf("cannot reach the registry 127.0.0.1:%d", port), "nothing was changed", "network")
	i.mustBeUntouched()
}

func TestPullWrongArchitecture(t *testing.T) {
	t.Parallel()
	other := "arm64"
	if runtime.GOARCH == other {
		other = "amd64"
	}
	address := startRegistry(t)
	ref := address + "/openalgo:1"
	i := newInstanceFrom(t, ref)
	putImage(t, address, other)
	i.install(1).mustSay(t, other, docker.Info().Arch, "nothing was changed")
	i.mustBeUntouched()
	// Now the engine has it, and the preflight sees it.
	if out := i.run("--answers", i.answers); out.code != 1 && out.code != 3 || !strings.Contains(out.stderr, other) {
		t.Errorf("exit %d, want 1 or 3 and %s named:\n%s", out.code, other, out.all())
	}
	i.mustBeUntouched()
}

// putImage gives the registry an image openalgo:1 for an architecture.
func putImage(t *testing.T, address, arch string) {
	t.Helper()
	var rootfs, layer bytes.Buffer
	files := tar.NewWriter(&rootfs)
	if err := files.WriteHeader(&tar.Header{Name: "app/", Typeflag: tar.TypeDir, Mode: 0o755, ModTime: time.Unix(0, 0)}); err != nil {
		t.Fatal(err)
	}
	_ = files.Close()
	packed := gzip.NewWriter(&layer)
	_, _ = packed.Write(rootfs.Bytes())
	_ = packed.Close()
	config, err := json.Marshal(map[string]any{
		"architecture": arch, "os": "linux", "created": "2026-01-02T03:04:05Z", "config": map[string]any{},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest(rootfs.Bytes())}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const manifestType = "application/vnd.docker.distribution.manifest.v2+json"
	blob := func(kind string, data []byte) map[string]any {
		send(t, http.MethodPost, "http://"+address+"/v2/openalgo/blobs/uploads/?digest="+digest(data), "application/octet-stream", data)
		return map[string]any{"mediaType": kind, "size": len(data), "digest": digest(data)}
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": manifestType,
		"config": blob("application/vnd.docker.container.image.v1+json", config),
		"layers": []any{blob("application/vnd.docker.image.rootfs.diff.tar.gzip", layer.Bytes())},
	})
	if err != nil {
		t.Fatal(err)
	}
	send(t, http.MethodPut, "http://"+address+"/v2/openalgo/manifests/1", manifestType, manifest)
}

func digest(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

func send(t *testing.T, method, url, kind string, data []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		text, _ := io.ReadAll(res.Body)
		t.Fatalf("%s %s: %s %s", method, url, res.Status, text)
	}
}
