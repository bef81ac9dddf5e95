package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// onesOwn skips a test that needs a Docker which this user runs without root;
// test/engines.sh has them.
func onesOwn(t *testing.T) *instance {
	t.Helper()
	i := newInstance(t)
	if !docker.Info().Rootless {
		t.Skip("this Docker runs as root")
	}
	return i
}

// Where Docker runs without root, OpenAlgo and the user who runs Docker both have .env,
// and nobody else, whatever wrote it last.
func TestEnvWithoutRoot(t *testing.T) {
	t.Parallel()
	i := onesOwn(t)
	i.install(0)
	same := func(station string) {
		t.Helper()
		i.mustBeReady()
		info, err := os.Stat(i.path(".env"))
		if err != nil {
			t.Fatal(err)
		}
		s := info.Sys().(*syscall.Stat_t)
		if int(s.Uid) != os.Geteuid() || int(s.Gid) == os.Getegid() || info.Mode().Perm() != 0o660 {
			t.Errorf("%s: .env is of %d:%d, mode %04o", station, s.Uid, s.Gid, info.Mode().Perm())
		}
		if r := i.report(); !r.EnvFile.Writable || r.EnvFile.GID != 1000 || r.UID != 1000 {
			t.Errorf("%s: OpenAlgo sees %+v", station, r.EnvFile)
		}
	}
	same("install")
	if out := i.run("set", "LOG_LEVEL=DEBUG", "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	same("set")
	before := i.container().ID
	dockerCompose(t, i.dir, "up", "-d")
	// On Podman Docker Compose recreates what itself has made, too.
	if i.container().ID != before && !docker.Info().Podman {
		t.Error("docker compose up -d recreated the container")
	}
	must(t, os.Chmod(i.path(".env"), 0o664))
	if out := i.run("doctor", "--fix", "--yes"); !strings.Contains(out.all(), "other users of this machine can read the keys") {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
	same("doctor --fix")
	if out := i.run("backup", "--schedule", "03:00"); out.code != 3 || !strings.Contains(out.all(), "crontab -e") {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
}

// A directory keeps to the Docker that it was installed on, where nothing else says
// which one is meant.
func TestADirectoryKnowsItsDocker(t *testing.T) {
	t.Parallel()
	i := onesOwn(t)
	i.install(0)
	i.env = append(i.env, "DOCKER_HOST=", "XDG_RUNTIME_DIR=")
	i.mustBeReady()
	if out := i.run("set", "LOG_LEVEL=DEBUG", "--now"); out.code != 0 {
		t.Error(out.all())
	}
	if out := i.run("--dir", i.dir+"2", "status", "--json"); strings.Contains(out.stdout, i.dir) {
		t.Errorf("another directory has the same Docker:\n%s", out.stdout)
	}
}

// A test install without root leaves nothing, and a start that fails is undone.
func TestNothingIsLeftWithoutRoot(t *testing.T) {
	t.Parallel()
	i := onesOwn(t)
	if out := i.run("--answers", i.answers, "--rehearse"); out.code != 0 {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	if left, _ := filepath.Glob(i.dir + "*"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	i.write("env: {OPENALGO_REHEARSAL_FAIL: exit}")
	if out := i.run("--answers", i.answers); out.code != 4 {
		t.Errorf("a start that fails: exit %d\n%s", out.code, out.all())
	}
	if n := len(i.containers()); n != 0 {
		t.Errorf("%d containers are left", n)
	}
}
