package rehearsal_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// stage is the image on a real engine, under names of its own.
type stage struct {
	t    *testing.T
	name string // image, container and prefix of the volumes
	root string // where .env lies
}

var volumes = []string{"db", "log", "strategies", "keys", "tmp"}

// newStage builds the stand-in into an image. Without an engine the test is
// skipped, or fails when OPENALGO_E2E=require.
func newStage(t *testing.T) *stage {
	t.Helper()
	if out, err := exec.Command("docker", "version").CombinedOutput(); err != nil {
		if os.Getenv("OPENALGO_E2E") == "require" {
			t.Fatalf("OPENALGO_E2E=require and no engine: %v\n%s", err, out)
		}
		t.Skip("no Docker here")
	}
	s := &stage{t: t, name: "rehearsal-test-" + strings.ToLower(rand.Text()[:8]), root: t.TempDir()}
	s.importImage()
	t.Cleanup(func() {
		s.remove()
		for _, v := range volumes {
			s.try("volume", "rm", "-f", s.name+"_"+v)
		}
		s.try("image", "rm", "-f", s.name)
	})
	return s
}

// in is the stage for a subtest, which ends with its container.
func (s *stage) in(t *testing.T) *stage {
	t.Cleanup(s.remove)
	return &stage{t: t, name: s.name, root: t.TempDir()}
}

func (s *stage) importImage() {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "openalgo-install")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "./testdata/rehearsal")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	if out, err := build.CombinedOutput(); err != nil {
		s.t.Fatalf("go build: %v\n%s", err, out)
	}
	binary, err := os.Open(path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer binary.Close()
	st, err := binary.Stat()
	if err != nil {
		s.t.Fatal(err)
	}

	args := []string{"import"}
	// The command line has no other way to give a health check without a shell.
	check := `HEALTHCHECK --interval=1s CMD ["curl","-f","http://127.0.0.1:5000/auth/check-setup"]`
	for _, change := range append(rehearsal.ImageChanges("1.2.3", "openalgo-install/rehearsal:test"), check) {
		args = append(args, "--change", change)
	}
	docker := exec.Command("docker", append(args, "-", s.name)...)
	stdin, err := docker.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	go func() {
		defer stdin.Close()
		if err := rehearsal.WriteImage(stdin, binary, st.Size(), time.Unix(0, 0), []byte("ENV_CONFIG_VERSION = '1.0.7'\n")); err != nil {
			s.t.Errorf("WriteImage: %v", err)
		}
	}()
	if out, err := docker.CombinedOutput(); err != nil {
		s.t.Fatalf("docker import: %v\n%s", err, out)
	}
}

// run starts the container as the stack does.
func (s *stage) run(flags ...string) {
	s.t.Helper()
	args := append([]string{
		"run", "-d", "--name", s.name, "--shm-size", "256m", "-e", "OMP_NUM_THREADS=2",
		"-p", "127.0.0.1::5000", "-p", "127.0.0.1::8765",
	}, flags...)
	for _, v := range volumes {
		args = append(args, "-v", s.name+"_"+v+":/app/"+v)
	}
	s.docker(append(args, s.name)...)
}

// env writes .env as the stack does, and returns the flag that mounts it.
func (s *stage) env(edits map[string]string) string {
	s.t.Helper()
	writeEnv(s.t, s.root, edits)
	path := filepath.Join(s.root, ".env")
	if err := os.Chown(path, 1000, 1000); err != nil {
		s.t.Skipf("needs to give .env to uid 1000: %v", err)
	}
	return "--mount=type=bind,source=" + path + ",target=/app/.env"
}

func (s *stage) docker(args ...string) string {
	s.t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (s *stage) try(args ...string) { _ = exec.Command("docker", args...).Run() }

func (s *stage) remove() { s.try("rm", "-f", s.name) }

// wait polls until a field of the container's state has a value.
func (s *stage) wait(field, want string) {
	s.t.Helper()
	deadline := time.After(60 * time.Second)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		got := s.docker("inspect", "-f", "{{"+field+"}}", s.name)
		if got == want {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("%s is %q, want %q; %s", field, got, want, s.docker("logs", s.name))
		}
	}
}

// at returns a stand-in that is reached through the published ports.
func (s *stage) at() *running {
	s.t.Helper()
	first := func(port string) string {
		addr, _, _ := strings.Cut(s.docker("port", s.name, port), "\n")
		return addr
	}
	return &running{t: s.t, web: first("5000/tcp"), ws: first("8765/tcp")}
}

func TestImageOnAnEngine(t *testing.T) {
	s := newStage(t)
	s.run("--init", s.env(nil))
	s.wait(".State.Health.Status", "healthy")
	r := s.at()
	if !r.needsSetup() {
		t.Error("a new volume should need its setup")
	}
	checkReport(t, r)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+r.ws, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.CloseNow()

	resp, err := http.Post("http://"+r.web+"/setup", "application/json", strings.NewReader(`{"username":"trader"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	s.docker("stop", s.name)
	if code := s.docker("inspect", "-f", "{{.State.ExitCode}}", s.name); code != "0" {
		t.Errorf("exit code %s after docker stop, want 0", code)
	}
	s.remove()

	// The data outlive the container; now the stand-in is process 1 itself.
	s.run(s.env(nil))
	s.wait(".State.Health.Status", "healthy")
	if s.at().needsSetup() {
		t.Error("the user is gone with the container")
	}
	s.docker("stop", s.name)
	if code := s.docker("inspect", "-f", "{{.State.ExitCode}}", s.name); code != "0" {
		t.Errorf("exit code %s as process 1, want 0", code)
	}
}

func checkReport(t *testing.T, r *running) {
	t.Helper()
	var got rehearsal.Report
	r.getJSON("/rehearsal/report", &got)
	if got.UID != 1000 || got.GID != 1000 || got.ShmBytes != 256<<20 || got.Version != "1.2.3" {
		t.Errorf("uid %d, gid %d, shm %d, version %s", got.UID, got.GID, got.ShmBytes, got.Version)
	}
	if got.PID1 == "" || got.Timezone.TZ != "Asia/Kolkata" || got.Timezone.OffsetSeconds != 19800 {
		t.Errorf("process 1 is %q, timezone %+v", got.PID1, got.Timezone)
	}
	if got.EnvFile.Mode != "0600" || got.EnvFile.UID != 1000 || !got.EnvFile.Writable {
		t.Errorf(".env: %+v", got.EnvFile)
	}
	if len(got.Directories) != len(volumes) {
		t.Errorf("%d directories, want %d", len(got.Directories), len(volumes))
	}
	for _, d := range got.Directories {
		if !d.Writable || d.UID != 1000 || d.GID != 1000 {
			t.Errorf("%+v", d)
		}
	}
	for _, s := range got.Settings {
		if s.Key == "OMP_NUM_THREADS" && (orDash(s.Environment) != "2" || orDash(s.InForce) != "1") {
			t.Errorf("threads: environment %s, in force %s", orDash(s.Environment), orDash(s.InForce))
		}
	}
}

func TestFailuresOnAnEngine(t *testing.T) {
	s := newStage(t)
	t.Run("no .env", func(t *testing.T) {
		s := s.in(t)
		s.run()
		s.wait(".State.Status}} {{.State.ExitCode", "exited 1")
		s.waitLog(rehearsal.SignatureNoEnv)
	})
	t.Run("short key", func(t *testing.T) {
		s := s.in(t)
		s.run(s.env(map[string]string{"APP_KEY": "short"}))
		s.wait(".State.Status}} {{.State.ExitCode", "exited 3")
		s.waitLog(rehearsal.SignatureBootFailed)
	})
	t.Run("rejected .env", func(t *testing.T) {
		s := s.in(t)
		s.run(s.env(map[string]string{"FLASK_ENV": "prod"}))
		s.waitLog(rehearsal.SignatureError + "FLASK_ENV")
		s.staysUpAndSilent()
	})
	t.Run("directories of another owner", func(t *testing.T) {
		s := s.in(t)
		mount := s.env(nil)
		if err := os.Chown(filepath.Join(s.root, ".env"), 1001, 1001); err != nil {
			t.Fatal(err)
		}
		s.run(mount, "--user=1001:1001")
		s.wait(".State.Status}} {{.State.ExitCode", "exited 1")
		s.waitLog("PermissionError: ")
	})
}

// staysUpAndSilent is how the app behaves with a .env that it rejects.
func (s *stage) staysUpAndSilent() {
	s.t.Helper()
	if status := s.docker("inspect", "-f", "{{.State.Status}}", s.name); status != "running" {
		s.t.Errorf("the container is %s; the app's stays up", status)
	}
	if resp, err := http.Get("http://" + s.at().web + "/"); err == nil {
		s.t.Errorf("it answers %s", readAll(s.t, resp))
	}
}

// waitLog follows the container's log up to these words.
func (s *stage) waitLog(words string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 60*time.Second)
	defer cancel()
	follow := exec.CommandContext(ctx, "docker", "logs", "-f", s.name)
	out, err := follow.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := follow.Start(); err != nil {
		s.t.Fatal(err)
	}
	var seen strings.Builder
	buffer := make([]byte, 4096)
	for !strings.Contains(seen.String(), words) {
		n, err := out.Read(buffer)
		seen.Write(buffer[:n])
		if err != nil {
			s.t.Errorf("no %q in the log:\n%s", words, seen.String())
			break
		}
	}
	cancel()
	_ = follow.Wait()
}
