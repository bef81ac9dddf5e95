package e2e_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/source"
	"github.com/marketcalls/openalgo-install/templates"
)

// baseImage is a Debian with Python, Node.js and npm, imported once: a stand-in
// for the images of a registry that the Dockerfile begins with.
var baseImage = sync.OnceValues(func() (string, error) {
	file, err := os.Open(os.Getenv("OPENALGO_BASE"))
	if err != nil {
		return "", err
	}
	defer file.Close()
	ref := "openalgo-install/test-base:" + strings.ToLower(rand.Text()[:10])
	_, err = docker.Import(context.Background(), ref, file, []string{`CMD ["bash"]`, "LABEL " + baseLabel})
	return ref, err
})

// baseLabel marks that image, and with it every stage that is built on it.
var baseLabel = fmt.Sprintf("io.openalgo.install.test=%d", os.Getpid())

// removeBuilds removes what was built here, stages and leftovers too.
func removeBuilds() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for range 3 { // one may stand on another
		made, _ := docker.Images(ctx, baseLabel)
		for _, image := range made {
			_ = docker.RemoveImage(ctx, image.Ref)
			_ = docker.RemoveImage(ctx, image.ID)
		}
	}
}

// checkout is a copy of an application with OpenAlgo's shape.
func (i *instance) checkout() string {
	i.t.Helper()
	if os.Getenv("OPENALGO_BASE") == "" {
		missing(i.t, "no OPENALGO_BASE: test/tools/base.sh makes it, as root and with debootstrap")
	}
	dir := filepath.Join(filepath.Dir(i.dir), "checkout")
	if err := os.CopyFS(dir, os.DirFS("testdata/checkout")); err != nil {
		i.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".sample.env"), templates.Env(), 0o644); err != nil {
		i.t.Fatal(err)
	}
	return dir
}

// image changes the answers to another image.
func (i *instance) image(format string, args ...any) {
	i.t.Helper()
	i.write("")
	text, err := os.ReadFile(i.answers)
	if err != nil {
		i.t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("image: {source: rehearsal}"), []byte("image: {"+fmt.Sprintf(format, args...)+"}"), 1)
	if err := os.WriteFile(i.answers, text, 0o600); err != nil {
		i.t.Fatal(err)
	}
}

// fromCheckout makes the answers build from a checkout, on the test's base.
func (i *instance) fromCheckout(dir string) {
	i.t.Helper()
	base, err := baseImage()
	if err != nil {
		i.t.Fatal(err)
	}
	i.image("source: path, path: %s, build_args: {PYTHON_IMAGE: %q, NODE_IMAGE: %[2]q, CHART_PACKAGES: ''}", dir, base)
}

// inside runs a command in the container as docker exec does.
func (i *instance) inside(command ...string) string {
	i.t.Helper()
	out, err := exec.Command("docker", append([]string{"exec", i.container().ID}, command...)...).CombinedOutput()
	if err != nil {
		i.t.Fatalf("docker exec %q: %v\n%s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

// get reads an address of the web interface.
func (i *instance) get(path string) string {
	i.t.Helper()
	res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", i.web, path))
	if err != nil {
		i.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	return string(body)
}

// The real thing: our Dockerfile and start.sh, with uv, gunicorn, eventlet and
// npm from their registries.
func TestBuild(t *testing.T) {
	t.Parallel()
	if os.Getenv("OPENALGO_OWN_ENGINE") != "" {
		t.Skip("it needs a network, and test/engines.sh has loopback alone")
	}
	for _, builder := range []string{"BuildKit", "classic"} {
		t.Run(builder, func(t *testing.T) {
			t.Parallel()
			i := newInstance(t)
			dir := i.checkout()
			// The same source has the same image: each builder gets one of its own.
			if err := os.WriteFile(filepath.Join(dir, "builder"), []byte(builder), 0o644); err != nil {
				t.Fatal(err)
			}
			i.fromCheckout(dir)
			if builder == "classic" {
				i.env = append(i.env, "DOCKER_BUILDKIT=0")
			}
			out := i.install(0, "--json")
			i.mustBeReady()
			steps := buildSteps(t, out.stdout)
			if n := len(steps); n < 15 {
				t.Fatalf("%d steps\n%s", n, out.all())
			} else if steps[n-1].Step != steps[n-1].Total {
				t.Errorf("the last of %d steps is %+v", n, steps[n-1])
			}
			i.mustBeOurs()
			if builder == "BuildKit" {
				i.mustKeepItsProxy()
				i.mustRunOnAPlatform()
			}
			if again := i.install(0); !strings.Contains(again.stdout, "Nothing to do") {
				t.Errorf("again: %s", again.all())
			}
			i.mustStopInOrder()
		})
	}
}

func buildSteps(t *testing.T, events string) []event.BuildProgress {
	t.Helper()
	var out []event.BuildProgress
	for line := range strings.Lines(events) {
		var e event.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if e.Build != nil {
			out = append(out, *e.Build)
		}
	}
	return out
}

// mustBeOurs looks from inside at what the image promises.
func (i *instance) mustBeOurs() {
	i.t.Helper()
	var seen struct {
		UID    int
		Time   string
		Modes  map[string]string
		Owners map[string]int
	}
	if err := json.Unmarshal([]byte(i.get("/seen")), &seen); err != nil {
		i.t.Fatal(err)
	}
	if seen.UID != 1000 || seen.Time != "+0530" {
		i.t.Errorf("user %d, time zone %s", seen.UID, seen.Time)
	}
	for name, mode := range map[string]string{"db": "0o755", "log": "0o755", "strategies": "0o755", "keys": "0o700", "tmp": "0o755", ".": "0o755"} {
		if seen.Modes[name] != mode || seen.Owners[name] != 1000 {
			i.t.Errorf("/app/%s: %s of %d", name, seen.Modes[name], seen.Owners[name])
		}
	}
	if page := i.get("/"); !strings.Contains(page, "built by npm") {
		i.t.Errorf("the web interface is %q", page)
	}
	if tools := i.inside("sh", "-c", "command -v gcc cc g++ make uv; ls /app/frontend/node_modules 2>/dev/null; true"); tools != "" {
		i.t.Errorf("the image brings build tools: %s", tools)
	}
	if left := i.inside("sh", "-c", "ls -d /app/frontend/src /app/openalgo-image.py /var/cache/apt/archives/*.deb /app/.venv/lib/python3*/site-packages/websockets/tests 2>/dev/null; true"); left != "" {
		i.t.Errorf("the image brings %s", left)
	}
	// Python says of each module that it had to compile where its source is.
	if compiled := i.inside("sh", "-c", "python -v -c 'import app, gunicorn.app.wsgiapp, gunicorn.workers.geventlet, websocket_proxy.server' 2>&1 | grep 'code object from /'; true"); compiled != "" {
		i.t.Errorf("a start compiles\n%s", compiled)
	}
	const migrate = "/app/.venv/bin/python /app/openalgo-migrate.py"
	i.inside("sh", "-c", migrate) // the first one is the container's, on a database that was new
	if again := i.inside("sh", "-c", migrate); strings.Contains(again, "migrated: users") {
		i.t.Errorf("the migrations run again\n%s", again)
	}
	env := i.inside("env")
	for _, key := range []string{"OPENBLAS_NUM_THREADS=", "OMP_NUM_THREADS=", "NUMBA_NUM_THREADS=", "STRATEGY_MEMORY_LIMIT_MB=", "TZ=Asia/Kolkata", "TMPDIR=/app/tmp"} {
		if !strings.Contains(env, key) {
			i.t.Errorf("no %s in docker exec env", key)
		}
	}
	// Both processes are there, as the container's user.
	processes := i.inside("bash", "-c", `for p in /proc/[0-9]*; do tr '\0' ' ' <$p/cmdline; echo; done`)
	for _, name := range []string{"gunicorn", "websocket_proxy.server"} {
		if !strings.Contains(processes, name) {
			i.t.Errorf("no %s among\n%s", name, processes)
		}
	}
}

// mustKeepItsProxy kills the WebSocket proxy: it comes back, and status tells.
func (i *instance) mustKeepItsProxy() {
	i.t.Helper()
	// Stopped first: one that is killed may be back before anybody looks.
	i.inside("bash", "-c", "kill -STOP $(cat /tmp/openalgo/proxy.pid)")
	i.until("status to show it", func() bool { return strings.Contains(i.run("status").stdout, "WebSocket proxy on") })
	i.inside("bash", "-c", "kill -KILL $(cat /tmp/openalgo/proxy.pid)")
	i.until("the proxy to come back", func() bool { return strings.Contains(i.run("status").stdout, i.project+"  ready") })
	if health := i.inside("/app/start.sh", "health"); !strings.Contains(health, "restarts: 1") {
		i.t.Errorf("health says %q", health)
	}
}

// mustRunOnAPlatform starts the image as Railway does: as root, with a disk of
// root's, a port of its own, no .env and all settings in the environment.
func (i *instance) mustRunOnAPlatform() {
	i.t.Helper()
	disk := i.project + "_platform"
	args := []string{"--label", compose.LabelProject + "=" + i.project, "--user", "0", "-v", disk + ":/data", "-e", "OPENALGO_DATA_DIR=/data", "-e", "PORT=8080"}
	for name, value := range map[string]string{
		"HOST_SERVER": "https://algo.example.com", "REDIRECT_URL": "https://algo.example.com/zerodha/callback",
		"BROKER_API_KEY": "it's $HOME|${HOME}", "BROKER_API_SECRET": "", "APP_KEY": strings.Repeat("a1", 32),
		"API_KEY_PEPPER": strings.Repeat("b2", 32), "FERNET_SALT": strings.Repeat("c3", 16),
	} {
		args = append(args, "-e", name+"="+value)
	}
	i.t.Cleanup(func() { _ = exec.Command("docker", "volume", "rm", disk).Run() })
	for range 2 { // the second container is a new deploy, on the same disk
		out, err := exec.Command("docker", append(append([]string{"run", "-d"}, args...), i.container().Image)...).CombinedOutput()
		if err != nil {
			i.t.Fatalf("docker run: %v\n%s", err, out)
		}
		id := strings.TrimSpace(string(out))
		i.until("an answer on the platform", func() bool {
			return exec.Command("docker", "exec", id, "curl", "-fs", "-o", "/dev/null", "http://127.0.0.1:8080/auth/check-setup").Run() == nil
		})
		seen, err := exec.Command("docker", "exec", id, "bash", "-c",
			"curl -s http://127.0.0.1:8080/seen; stat -c '%U %a' /app/.env; stat -Lc %U /data/db/openalgo.db; readlink /app/db; grep -c ^FERNET_SALT /app/.env; ls /data/strategies/examples").CombinedOutput()
		if err != nil {
			i.t.Fatalf("%v\n%s", err, seen)
		}
		for _, text := range []string{`"uid":1000`, "appuser 600\nappuser\n/data/db\n1\nhello.py"} {
			if !strings.Contains(string(seen), text) {
				i.t.Errorf("no %q in\n%s", text, seen)
			}
		}
		if out, err := exec.Command("docker", "rm", "-f", id).CombinedOutput(); err != nil {
			i.t.Fatalf("%v\n%s", err, out)
		}
	}
}

// mustStopInOrder stops the container as docker stop does.
func (i *instance) mustStopInOrder() {
	i.t.Helper()
	c := i.container()
	if out, err := exec.Command("docker", "stop", c.ID).CombinedOutput(); err != nil {
		i.t.Fatalf("docker stop: %v\n%s", err, out)
	}
	if c = i.container(); c.ExitCode != 0 {
		i.t.Errorf("it ended with %d", c.ExitCode)
	}
	var log bytes.Buffer
	if err := docker.Logs(i.t.Context(), c.ID, engine.LogOptions{}, &log, &log); err != nil {
		i.t.Fatal(err)
	}
	web, proxy := strings.Index(log.String(), "OpenAlgo ended with status 0"), strings.Index(log.String(), "the WebSocket proxy ended with status 0")
	if web < 0 || proxy < web {
		i.t.Errorf("not ended in order:\n%s", log.String())
	}
}

func TestBuildThatFails(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	dir := i.checkout()
	i.fromCheckout(dir)
	// npm finds that out without asking its registry.
	if err := os.Remove(filepath.Join(dir, "frontend", "package-lock.json")); err != nil {
		t.Fatal(err)
	}
	out := i.install(1)
	out.mustSay(t, "building the image failed", "npm ci", "nothing was changed", "lock file", "the step's last lines", "npm error")
	i.mustBeUntouched()
}

func TestBuildCancelled(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	dir := i.checkout()
	i.fromCheckout(dir)
	base, _ := baseImage()
	word := rand.Text() // so that nothing of it is in the builder's cache
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM "+base+"\nRUN echo begins "+word+" && sleep 300\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := i.command("--answers", i.answers, "--json")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	readUntil(t, stdout, `"begins `+word)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, stdout)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("it exits %d", code)
	}
	i.mustBeUntouched()
}

// repository is a git repository whose Dockerfile is the stand-in app.
func (i *instance) repository() (dir string, git func(args ...string) string) {
	i.t.Helper()
	ref := "openalgo-install/test-app:" + strings.ToLower(rand.Text()[:10])
	importImage(i.t, ref)
	i.t.Cleanup(func() { _ = docker.RemoveImage(context.Background(), ref) })
	dir = filepath.Join(filepath.Dir(i.dir), "repository")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		i.t.Fatal(err)
	}
	git = func(args ...string) string {
		i.t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"}, args...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			i.t.Fatalf("git %q: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM "+ref+"\nCOPY version /app/version\n"), 0o644); err != nil {
		i.t.Fatal(err)
	}
	git("init", "-q")
	return dir, git
}

func TestBuildFromGit(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	dir, git := i.repository()
	commit := func(text string) string {
		if err := os.WriteFile(filepath.Join(dir, "version"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		git("add", "-A")
		git("commit", "-q", "-m", text)
		return git("rev-parse", "HEAD")
	}
	first := commit("one")
	i.image("source: git, url: 'file://%s', ref: main", dir)
	out := i.install(0)
	if !strings.Contains(out.stdout, "built from file://"+dir+" at "+first[:7]+", with its own Dockerfile") {
		t.Errorf("the plan:\n%s", out.all())
	}
	i.mustBeReady()
	if env := i.read(".env"); !strings.Contains(env, "OPENALGO_GIT_COMMIT = '"+first+"'") || !strings.Contains(env, "OPENALGO_GIT_BRANCH = 'main'") {
		t.Error("the commit and branch are not in .env")
	}
	built := i.container().ImageID
	if again := i.install(0); !strings.Contains(again.stdout, "Nothing to do") || strings.Contains(again.all(), "fetching") {
		t.Errorf("again: %s", again.all())
	}
	keys := i.keys()
	for _, text := range []string{"two", "three"} {
		next := commit(text)
		i.install(0)
		if got := i.inside("/usr/bin/curl", "-f", "http://127.0.0.1:5000/auth/check-setup"); got == "" {
			t.Error("it does not answer")
		}
		if env := i.read(".env"); !strings.Contains(env, next) || i.keys() != keys {
			t.Errorf("%s: the commit is not in .env, or the keys changed", text)
		}
	}
	// The one before is kept as the way back, the one before that is not.
	images, err := docker.Images(t.Context(), "io.openalgo.install.project="+i.project)
	if err != nil || len(images) != 2 {
		t.Errorf("%d images are kept: %+v, %v", len(images), images, err)
	}
	for _, image := range images {
		if image.ID == built {
			t.Error("the first image is still there")
		}
		t.Cleanup(func() { _ = docker.RemoveImage(context.Background(), image.Ref) })
	}
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), "openalgo-install-source-*"))
	for _, dir := range left {
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) < time.Minute {
			t.Errorf("the fetched source is left in %s", dir)
		}
	}
	removeProject(t, i.project) // before the images
}

func TestBuildSourceThatIsNotThere(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	for answer, want := range map[string]struct {
		code int
		says string
	}{
		"source: path, path: /nonexistent/openalgo":     {3, "there is no directory"},
		"source: path, path: " + t.TempDir():            {2, "pyproject.toml"},
		"source: git, url: 'file:///nonexistent/a.git'": {3, "no repository"},
	} {
		i.image("%s", answer)
		i.install(want.code).mustSay(t, want.says, "image.")
		i.mustBeUntouched()
	}
}

// A dry run looks at the source, and builds nothing.
func TestDryRunOfABuild(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	dir := i.checkout()
	i.fromCheckout(dir)
	out := i.install(0, "--dry-run", "--json")
	var plan planDoc
	if err := json.Unmarshal([]byte(out.stdout), &plan); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.stdout, source.Repository+":") || !strings.Contains(out.stdout, "built from "+dir) {
		t.Errorf("the plan:\n%s", out.stdout)
	}
	i.mustBeUntouched()
}
