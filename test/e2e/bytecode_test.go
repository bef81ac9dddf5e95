package e2e_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/bytecode"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// called is how the image's Python was called to compile, once the bytecode of the
// container's image is there.
func (i *instance) called() string {
	i.t.Helper()
	c := i.container()
	i.until("the bytecode is there", func() bool { return bytecode.Of(i.t.Context(), docker, c) == bytecode.Ready })
	text, err := docker.ReadFile(i.t.Context(), c.ID, compose.BytecodeDir+"/now/"+rehearsal.CalledName, 1<<10)
	if err != nil {
		i.t.Fatal(err)
	}
	return string(text)
}

func (i *instance) mustNotBeRecreated(why string) {
	i.t.Helper()
	before := i.container().ID
	dockerCompose(i.t, i.dir, "up", "-d")
	if i.container().ID != before {
		i.t.Errorf("%s: docker compose up -d recreated the container", why)
	}
}

// An image without bytecode gets it beside the container that runs: in the background
// after an install, and before the stop where a container starts without it.
func TestBytecode(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	ref := "oae2e/" + i.project + ":1"
	importImage(t, ref, "LABEL "+openalgo.LabelBytecode+"=0")
	i.from(ref)
	t.Cleanup(func() {
		removeProject(t, i.project)
		_ = exec.Command("docker", "image", "rm", "--force", ref).Run()
	})
	i.install(0)
	i.mustNotBeRecreated("while it is made")
	if got := i.called(); got != "user 0, cannot write the rest, 1 network, 1 later" {
		t.Errorf("in the background: %s", got)
	}
	i.mustNotBeRecreated("once it is there")
	if out := i.run("status", "--json"); !strings.Contains(out.stdout, `"bytecode": "ready"`) {
		t.Errorf("status does not tell:\n%s", out.all())
	}
	touched, err := docker.Exec(t.Context(), i.container().ID, []string{openalgo.Python, "-c", "pycache_prefix", compose.BytecodeDir, "x", "1", "first"}, "0")
	if err != nil || touched.ExitCode == 0 || !strings.Contains(string(touched.Stderr), "read-only") {
		t.Errorf("in its container even root can write it: %+v, %v", touched, err)
	}

	// Somebody prunes it while OpenAlgo is stopped.
	before := i.container()
	volume := bytecode.VolumeOf(before)
	empty(t, before, volume)
	if out := i.run("set", "--now", "LOG_LEVEL=DEBUG"); out.code != 0 || !strings.Contains(out.all(), "compile OpenAlgo's code") {
		t.Fatalf("set: exit %d\n%s", out.code, out.all())
	}
	if got := i.called(); got != "user 0, cannot write the rest, 1 network, 2 first" {
		t.Errorf("before a stop: %s", got)
	}
	if out := i.run("restart"); out.code != 0 || strings.Contains(out.all(), "compile OpenAlgo's code") {
		t.Errorf("restart: exit %d\n%s", out.code, out.all())
	}
	if out := i.run("uninstall", "--yes", "--purge="+i.project); out.code != 0 || i.volumes() != 0 {
		t.Errorf("purge: exit %d, %d volumes\n%s", out.code, i.volumes(), out.all())
	}
}

// empty takes the bytecode away, as a container beside the running one.
func empty(t *testing.T, of engine.Container, volume string) {
	t.Helper()
	s := engine.ContainerSpec{
		Config: engine.Config{Image: of.ImageID, User: "0", Entrypoint: []string{openalgo.Python, "-c", "pycache_prefix", "/cache", "none", "1", "first"}},
		Host:   engine.HostConfig{NetworkMode: "none"},
		Mounts: []engine.Mount{{Type: "volume", Source: volume, Target: "/cache"}},
	}
	id, err := docker.Create(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = docker.Remove(t.Context(), id) }()
	if err := docker.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if bytecode.Of(t.Context(), docker, of) == bytecode.Absent {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the bytecode is still there")
}
