package e2e_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/market"
)

// farClock is a time of day in India that is hours away.
func farClock() string { return time.Now().In(market.IST).Add(12 * time.Hour).Format("15:04") }

// soon is a moment that is about to come.
func soon() string { return time.Now().Add(2 * time.Second).Format(time.RFC3339) }

// until polls for something that becomes true within thirty seconds.
func (i *instance) until(what string, is func() bool) {
	i.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); {
		if time.Now().After(deadline) {
			i.t.Fatal("in vain: " + what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

var (
	resize4GB = resizeTo("4GB")
	resize8GB = resizeTo("8GB")
)

func resizeTo(ram string) []string {
	return []string{"resize", "--now", "--yes", "--ram", ram, "--cores", "2"}
}

// shm is the size of shared memory that .env and the container have, in MiB: one sizing
// or the other, whole.
func (i *instance) shm() int64 {
	i.t.Helper()
	env, seen := i.read(".env"), i.report().ShmBytes>>20
	if !strings.Contains(env, fmt.Sprintf("SHM_SIZE = '%dm'", seen)) || seen != 512 && seen != 1024 {
		i.t.Errorf("/dev/shm has %d MiB, and .env says %q", seen, regexp.MustCompile("SHM_SIZE.*").FindString(env))
	}
	return seen
}

// theOther is a resize to the row of 4 GB or of 8 GB that is not in force, and its size
// of shared memory.
func (i *instance) theOther() (args []string, shm int64) {
	if i.shm() == 512 {
		return resize8GB, 1024
	}
	return resize4GB, 512
}

func sizedFor8GB(t *testing.T) *instance {
	t.Helper()
	i := newInstance(t)
	i.program = failing
	i.install(0)
	i.addUser()
	i.alone()
	i.resize(0, "--ram", "8GB", "--cores", "2")
	return i
}

func TestResizeKilled(t *testing.T) {
	t.Parallel()
	probe := sizedFor8GB(t)
	points := probe.points(resize4GB...)
	for _, point := range []string{"before-stop", "stopping", "env-placed", "before-verify", "committing", "removed-old", "renamed", "state"} {
		if !slices.Contains(points, point) {
			t.Errorf("%s was not passed: %v", point, points)
		}
	}
	inTurns(t, sample(points, 0), sizedFor8GB, func(i *instance, point string) {
		keys, volumes := i.keys(), i.volumes()
		args, shm := i.theOther()
		i.kill(point, args...)
		if out := i.run(args...); out.code != 0 {
			i.t.Fatal(out.all())
		}
		if i.shm() != shm {
			i.t.Error("the second run did not resize")
		}
		i.mustHaveData()
		i.mustBeTidy()
		if i.keys() != keys || i.volumes() != volumes {
			i.t.Error("keys or volumes changed")
		}
	})
}

// After a kill any command brings a whole stack back, old or new.
func TestResizeKilledThenStarted(t *testing.T) {
	t.Parallel()
	points := []string{"created", "after-stop", "env-placed", "before-start", "after-start", "removed-old"}
	inTurns(t, points, sizedFor8GB, func(i *instance, point string) {
		args, shm := i.theOther()
		i.kill(point, args...)
		if out := i.run("start"); out.code != 0 {
			i.t.Fatal(out.all())
		}
		isNew := i.shm() == shm
		if late := point == "after-start" || point == "removed-old"; isNew != late {
			i.t.Errorf("the new sizing is in force: %v, want %v", isNew, late)
		}
		i.mustHaveData()
		i.mustBeTidy()
	})
}

func TestResizeTerminated(t *testing.T) {
	t.Parallel()
	inTurns(t, []string{"created", "stopping", "env-placed", "before-verify"}, sizedFor8GB, func(i *instance, point string) {
		id, env := i.container().ID, i.read(".env")
		cmd := i.command(resize4GB...)
		cmd.Env = append(cmd.Env, "OPENALGO_FAILPOINT="+point+":TERM")
		_ = cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != 130 {
			i.t.Errorf("exits %d, want 130", code)
		}
		if i.container().ID != id || i.read(".env") != env {
			i.t.Error("container or .env are not the former")
		}
		i.mustHaveData()
		i.mustBeTidy()
	})
}

// A resize that waits outlives the program that asked for it, shows in
// status, and can be taken back.
func TestResizeAt(t *testing.T) {
	t.Parallel()
	i := sized(t)
	id := i.container().ID
	if out := i.run("resize", "--ram", "2GB", "--at", farClock()); out.code != 2 || !strings.Contains(out.stderr, "--yes") {
		t.Errorf("what becomes smaller is not asked about before the wait: exit %d\n%s", out.code, out.all())
	}
	cmd := i.command("resize", "--yes", "--ram", "4GB", "--at", farClock())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = i.run("resize", "--cancel") }()
	readUntil(t, out, "You may log out")
	i.until("the wait shows in status", func() bool { return strings.Contains(i.run("status").stdout, "a resize is planned for") })
	_ = cmd.Process.Signal(syscall.SIGHUP)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if status := i.run("status").stdout; !strings.Contains(status, "a resize is planned for") {
		t.Errorf("the wait ended with the program that asked for it:\n%s", status)
	}
	if again := i.run("resize", "--at", farClock()); again.code != 3 || !strings.Contains(again.stderr, "--cancel") {
		t.Errorf("a second wait: exit %d, want 3\n%s", again.code, again.all())
	}
	if back := i.run("resize", "--cancel"); back.code != 0 || !strings.Contains(back.stdout, "cancelled") {
		t.Errorf("cancel: exit %d\n%s", back.code, back.all())
	}
	if status := i.run("status").stdout; strings.Contains(status, "waits") || i.container().ID != id {
		t.Errorf("it still waits, or the container changed:\n%s", status)
	}
	if back := i.run("resize", "--cancel"); back.code != 0 || !strings.Contains(back.stdout, "othing to do") {
		t.Errorf("cancel again: exit %d\n%s", back.code, back.all())
	}
}

// A machine that is shut down ends the wait with SIGTERM: status says that the
// resize did not happen, and how to do it.
func TestResizeAtIsMissed(t *testing.T) {
	t.Parallel()
	i := sized(t)
	far := time.Now().Add(time.Hour).Format(time.RFC3339)
	cmd := i.command("resize", "--now", "--yes", "--ram", "4GB", "--until", far)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	i.until("the wait shows in status", func() bool { return strings.Contains(i.run("status").stdout, "a resize is planned for") })
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("the wait ends with %d, want 130", code)
	}
	if status := i.run("status").stdout; !strings.Contains(status, "did not happen") || !strings.Contains(status, "resize --ram=4GB") {
		t.Errorf("status does not tell:\n%s", status)
	}
	i.resize(0, "--ram", "4GB")
	if status := i.run("status").stdout; strings.Contains(status, "did not happen") {
		t.Errorf("it is done, and status still says that it did not happen:\n%s", status)
	}
}

// When its time comes the resize is done, and status tells.
func TestResizeAtItsTime(t *testing.T) {
	t.Parallel()
	i := sized(t)
	i.resize(0, "--ram", "4GB", "--until", soon())
	i.mustHave(4096, 2)
	if status := i.run("status").stdout; !strings.Contains(status, "OpenAlgo is ready with its new sizing") {
		t.Errorf("status does not tell:\n%s", status)
	}
	i.mustHaveData()
}
