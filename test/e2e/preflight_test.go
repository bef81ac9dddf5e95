package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
)

// mustBeUntouched wants no trace of the instance on disk or in the engine.
func (i *instance) mustBeUntouched() {
	i.t.Helper()
	if _, err := os.Lstat(i.dir); !os.IsNotExist(err) {
		i.t.Errorf("%s is there: %v", i.dir, err)
	}
	networks, err := docker.Networks(i.t.Context(), compose.LabelProject+"="+i.project)
	if err != nil {
		i.t.Fatal(err)
	}
	if c, n, v := len(i.containers()), len(networks), i.volumes(); c+n+v != 0 {
		i.t.Errorf("%d containers, %d networks and %d volumes were made, want none", c, n, v)
	}
}

// mustSay wants every one of the texts in what the user reads.
func (o outcome) mustSay(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(o.stderr, text) {
			t.Errorf("%q is not said:\n%s", text, o.all())
		}
	}
}

// mustTell wants every one of the texts in all that was printed.
func (o outcome) mustTell(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(o.all(), text) {
			t.Errorf("%q is not said:\n%s", text, o.all())
		}
	}
}

// takePort listens on a port as another program would.
func takePort(t *testing.T, port int) {
	t.Helper()
	listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
}

func TestPreflightPortTakenByAProcess(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	me := fmt.Sprintf("(pid %d)", os.Getpid())
	takePort(t, i.ws)
	i.install(3).mustSay(t, fmt.Sprintf("port %d is taken by ", i.ws), me, "choose free ports:", "ports: {web: ")
	i.mustBeUntouched()

	takePort(t, i.web)
	i.install(3, "--dry-run").mustSay(t, fmt.Sprintf("port %d is taken by ", i.web), fmt.Sprintf("port %d is taken by ", i.ws), me)
	i.install(3).mustSay(t, fmt.Sprintf("port %d is taken by ", i.web), fmt.Sprintf("port %d is taken by ", i.ws), me)
	i.mustBeUntouched()
}

func TestPreflightThingsOfAnotherStack(t *testing.T) {
	t.Parallel()
	other := newInstance(t)
	other.install(0)
	holder := other.container()

	i := newInstance(t)
	i.web, i.ws = other.web, other.ws
	i.write("")
	taken := " is taken by the container " + holder.Name
	i.install(3).mustSay(t, fmt.Sprintf("port %d%s", i.web, taken), fmt.Sprintf("port %d%s", i.ws, taken))
	i.mustBeUntouched()

	j := newInstance(t)
	name := j.project + "-web"
	id, err := docker.Create(t.Context(), engine.ContainerSpec{Name: name, Config: engine.Config{Image: holder.Image, Cmd: []string{"true"}}})
	if err != nil {
		t.Fatal(err)
	}
	out := j.install(3)
	out.mustSay(t, "a container named "+name+" exists, and it belongs to something else", "docker rename "+name)
	j.mustBeUntouched()
	if err := docker.Remove(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	other.mustBeReady()
}

// nobody is the user and group of a process without any rights.
const nobody = 65534

// asNobody runs an install as a plain user who is in the given groups.
func (i *instance) asNobody(groups ...uint32) outcome {
	i.t.Helper()
	i.dir = filepath.Join(i.placeOfAll(), i.project)
	return i.as(nobody, groups, "--answers", i.answers)
}

// placeOfAll makes a place with the program and the answers: the test's own
// directories are root's alone.
func (i *instance) placeOfAll() (dir string) {
	i.t.Helper()
	if os.Geteuid() != 0 {
		i.t.Skip("running as another user needs root")
	}
	dir, err := os.MkdirTemp("", "openalgo-nobody-")
	if err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for from, to := range map[*string]string{&i.program: "openalgo-install", &i.answers: "answers.yaml"} {
		data, err := os.ReadFile(*from)
		if err != nil {
			i.t.Fatal(err)
		}
		*from = filepath.Join(dir, to)
		if err := os.WriteFile(*from, data, 0o755); err != nil {
			i.t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		i.t.Fatal(err)
	}
	return dir
}

// as runs the program as another user.
func (i *instance) as(uid uint32, groups []uint32, args ...string) outcome {
	i.t.Helper()
	cmd := i.command(args...)
	cmd.Dir = "/"
	cmd.Env = append(cmd.Env, "HOME=/nonexistent", "DOCKER_CONFIG=")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid, Groups: groups}}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run()
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// socket describes the engine's socket, or skips a test that is about one.
func socket(t *testing.T) *syscall.Stat_t {
	t.Helper()
	path, local := strings.CutPrefix(docker.Info().Endpoint, "unix://")
	if !local {
		t.Skip("the engine is not on a local socket")
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t)
}

func TestPreflightEngineWithoutPermission(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	if socket(t).Mode&0o006 != 0 {
		t.Skip("everybody may use this engine")
	}
	out := i.asNobody()
	if out.code != 3 {
		t.Errorf("exit %d, want 3", out.code)
	}
	out.mustSay(t, "may not use the Docker at", "docker group", "usermod -aG docker", "sudo")
	i.mustBeUntouched()
}

func TestPreflightDirectoryNotWritable(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	s := socket(t)
	if s.Gid == 0 {
		t.Skip("the engine's socket is for root alone")
	}
	out := i.asNobody(s.Gid)
	if out.code != 3 {
		t.Errorf("exit %d, want 3", out.code)
	}
	out.mustSay(t, "this user cannot write to "+filepath.Dir(i.dir), "--dir")
	i.mustBeUntouched()
}

func TestPreflightDirectoryIsAFile(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	if err := os.WriteFile(i.dir, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	i.install(3).mustSay(t, i.dir+" is a file, not a directory")
	if data, err := os.ReadFile(i.dir); err != nil || string(data) != "mine" {
		t.Errorf("the file is not as it was: %q, %v", data, err)
	}
}

func TestPreflightEngineTooOld(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	path := filepath.Join(t.TempDir(), "engine.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	old := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("API-Version", "1.24")
		switch {
		case strings.HasSuffix(r.URL.Path, "/_ping"):
			_, _ = io.WriteString(w, "OK")
		case strings.HasSuffix(r.URL.Path, "/version"):
			_, _ = io.WriteString(w, `{"Version":"1.12.6","ApiVersion":"1.24","Os":"linux","Arch":"amd64"}`)
		default:
			http.Error(w, `{"message":"page not found"}`, http.StatusNotFound)
		}
	}))
	_ = old.Listener.Close()
	old.Listener = listener
	old.Start()
	t.Cleanup(old.Close)

	i.env = append(i.env, "DOCKER_HOST=unix://"+path)
	i.install(3).mustSay(t, "1.12.6", "needs 20.10", "Upgrade Docker Engine")
	i.mustBeUntouched()
}

// onFewInodes puts an instance onto a file system that has room, and can hold
// only so many files.
func onFewInodes(t *testing.T) (i *instance, disk string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting a file system needs root")
	}
	i, disk = newInstance(t), t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=64m,nr_inodes=200"); err != nil {
		t.Skipf("mounting a file system: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	i.dir = filepath.Join(disk, i.project)
	return i, disk
}

// mostInodes is more than any run needs.
const mostInodes = 25

// installWithInodes runs an install with so many inodes free and reports
// whether it did. One that did not must have named the reason.
func (i *instance) installWithInodes(disk string, free int) (done bool) {
	i.t.Helper()
	giveBack := fillInodes(i.t, disk, free)
	defer giveBack()
	out := i.run("--answers", i.answers)
	if out.code != 0 && out.code != 3 && out.code != 4 {
		i.t.Errorf("%d inodes free: exit %d, want 0, 3 or 4\n%s", free, out.code, out.all())
	}
	if out.code != 0 && !strings.Contains(out.stderr, "no space left on device") && !strings.Contains(out.stderr, "inodes free") {
		i.t.Errorf("%d inodes free: the full disk is not named\n%s", free, out.all())
	}
	return out.code == 0
}

// The run may fail at any of its writes.
func TestPreflightNoInodesForAChange(t *testing.T) {
	t.Parallel()
	i, disk := onFewInodes(t)
	i.install(0)
	i.addUser()
	id, env, file, keys := i.container().ID, i.read(".env"), i.read("docker-compose.yaml"), i.keys()

	i.write("sizing: {threads: 1}\nenv: {LOG_LEVEL: DEBUG}")
	free := 0
	for ; free < mostInodes && !i.installWithInodes(disk, free); free++ {
		if i.container().ID != id || i.read(".env") != env || i.read("docker-compose.yaml") != file {
			t.Errorf("%d inodes free: the former stack is not back", free)
		}
		i.mustBeReady()
	}
	if free < 2 {
		t.Errorf("only %d runs failed: nothing was tried", free)
	}
	i.install(0)
	i.mustBeReady()
	if i.keys() != keys || i.report().Users != 1 {
		t.Error("keys or data are not the former")
	}
}

func TestPreflightNoInodesForTheFirstInstall(t *testing.T) {
	t.Parallel()
	i, disk := onFewInodes(t)
	keys := ""
	free := 1
	for ; free < mostInodes && !i.installWithInodes(disk, free); free++ {
		if n := len(i.containers()); n != 0 {
			t.Errorf("%d inodes free: %d containers are left, want none", free, n)
		}
		if _, err := os.Stat(i.path(".env")); err != nil && i.volumes() > 0 {
			t.Errorf("%d inodes free: there are volumes and no .env: %v", free, err)
		}
		if i.volumes() == 0 {
			continue // without data the next run may make other keys
		}
		if keys != "" && i.keys() != keys {
			t.Errorf("%d inodes free: the keys are not the former", free)
		}
		keys = i.keys()
	}
	if free < 3 {
		t.Errorf("the run with %d inodes did not fail: nothing was tried", free)
	}
	i.install(0)
	i.mustBeReady()
	if keys != "" && i.keys() != keys {
		t.Error("the keys are not the former")
	}
}

// fillInodes makes empty files until only so many more can be made.
func fillInodes(t *testing.T, disk string, free int) (giveBack func()) {
	t.Helper()
	dir := filepath.Join(disk, "filler")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	made := 0
	for ; ; made++ {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(made)), nil, 0o600); err != nil {
			break
		}
	}
	for n := range free {
		if err := os.Remove(filepath.Join(dir, fmt.Sprint(made-1-n))); err != nil {
			t.Fatal(err)
		}
	}
	return func() { _ = os.RemoveAll(dir) }
}
