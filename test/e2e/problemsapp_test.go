package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// What goes wrong with OpenAlgo and its container.
func TestProblemsOfOpenAlgo(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	name := w.project + "-web"
	start := func() {
		if out := w.run("start"); out.code != 0 {
			t.Fatal(out.all())
		}
	}
	fix := func() { w.fault("") }
	w.happens(problem{event: "down", says: "exited", begin: func() { w.docker("stop", "--time=1", name) }, end: start})
	w.happens(problem{event: "down", says: "frozen", begin: func() { w.docker("pause", name) }, end: start})
	w.happens(problem{event: "down", says: "500", begin: func() { w.fault("http500") }, end: fix})
	w.happens(problem{event: "down", says: "WebSocket", begin: func() { w.fault("nows") }, end: fix})
	w.happens(problem{event: "down", begin: func() { w.fault("exit") }, end: fix})
	w.happens(problem{event: "down", says: "is gone", begin: func() { w.docker("rm", "--force", name) }, end: start})
	w.happens(problem{event: "restart-policy", after: time.Hour, begin: func() { w.docker("update", "--restart=no", name) }, end: func() { w.docker("update", "--restart=unless-stopped", name) }})
}

// The admin account that nobody made, until somebody does.
func TestProblemOfTheAccount(t *testing.T) {
	t.Parallel()
	w := newWatched(t, func(w *watched) { w.noUser = true })
	w.known = []string{"clock-not-set", "memory-low", "disk"} // of the machine that tests
	w.happens(problem{event: "account", begin: func() {}, end: w.addUser})
}

// eats copies a program into the container that uses memory, and returns how it is
// started and ended.
func (w *watched) eats() (start func(what string, bytes int64), end func()) {
	w.t.Helper()
	at := filepath.Join(w.t.TempDir(), "eat")
	build := exec.Command("go", "build", "-trimpath", "-o", at, "./testdata/eat")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
	dir := w.volume("/app/log") // which the container may write to
	program, err := os.ReadFile(at)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "eat"), program, 0o755); err != nil {
		w.t.Fatal(err)
	}
	stop := filepath.Join(dir, "eat.stop")
	start = func(what string, bytes int64) {
		w.t.Helper()
		_ = os.Remove(stop)
		w.docker("exec", "--detach", w.project+"-web", "/app/log/eat", what, fmt.Sprint(bytes))
	}
	end = func() {
		if err := os.WriteFile(stop, nil, 0o644); err != nil {
			w.t.Error(err)
		}
	}
	return start, end
}

// Memory and shared memory that are nearly used up, and used up.
func TestProblemsOfMemory(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	name, c := w.project+"-web", w.container()
	eat, end := w.eats()
	load := func() engine.Load {
		l, err := docker.Load(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	full := c.ShmBytes * 92 / 100
	w.happens(problem{event: "shm-limit", end: func() { end(); eventually(t, "it ended", func() bool { return sharedOf(t, c) < full/2 }) },
		begin: func() {
			eat("/dev/shm/eaten", full)
			eventually(t, "shared memory is used", func() bool { return sharedOf(t, c) >= full })
		}})

	const limit = 128 << 20
	w.docker("update", fmt.Sprint("--memory=", limit), fmt.Sprint("--memory-swap=", limit), name)
	w.happens(problem{event: "memory-limit", end: func() { end(); eventually(t, "it ended", func() bool { return load().Memory < limit/2 }) },
		begin: func() {
			eat("memory", limit*95/100-load().Memory)
			eventually(t, "memory is used", func() bool { return load().Memory > limit*91/100 })
		}})
	if strings.HasPrefix(docker.Info().Version, "20.") {
		t.Log("this Docker does not tell of a process that the kernel ended, unless it is the container's first")
		return
	}
	w.happens(problem{event: "process-killed", begin: func() {
		eat("memory", 2*limit)
		eventually(t, "the kernel ended it", func() bool { return w.container().OOMKilled })
	}})
}

// sharedOf is what is in the shared memory of a container, in bytes.
func sharedOf(t *testing.T, c engine.Container) int64 {
	t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(fmt.Sprintf("/proc/%d/root/dev/shm", c.Pid), &s); err != nil {
		t.Fatal(err)
	}
	return int64(s.Blocks-s.Bfree) * int64(s.Bsize)
}
