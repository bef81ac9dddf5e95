package e2e_test

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// points runs a command, without one an install, to its end and returns every
// failpoint that it passed, in order and once each.
func (i *instance) points(args ...string) []string {
	i.t.Helper()
	log := filepath.Join(i.t.TempDir(), "points")
	before := i.env
	i.env = append(slices.Clone(before), "OPENALGO_FAILPOINT_LOG="+log)
	defer func() { i.env = before }()
	if len(args) == 0 {
		args = []string{"--answers", i.answers}
	}
	if out := i.run(args...); out.code != 0 {
		i.t.Fatal(out.all())
	}
	data, err := os.ReadFile(log)
	if err != nil {
		i.t.Fatal(err)
	}
	var out []string
	for _, name := range strings.Fields(string(data)) {
		if len(out) == 0 || out[len(out)-1] != name {
			out = append(out, name)
		}
	}
	if len(out) < 10 {
		i.t.Fatalf("only %d failpoints were passed: %v", len(out), out)
	}
	// A step that has ended and the next that has not begun are one state.
	return slices.Collect(func(yield func(string) bool) {
		for n, name := range out {
			twin := strings.HasPrefix(name, "after-") && n+1 < len(out) && strings.HasPrefix(out[n+1], "before-")
			if !twin && !yield(name) {
				return
			}
		}
	})
}

// sample is every fifth point from the given one; OPENALGO_KILLS=all takes them
// all (make kills). The kill loop comes by the others at random.
func sample(points []string, from int) []string {
	if os.Getenv("OPENALGO_KILLS") == "all" {
		return points
	}
	var out []string
	for n := from; n < len(points); n += 5 {
		out = append(out, points[n])
	}
	return out
}

// at runs an install that gets a signal at a failpoint.
func (i *instance) at(point, signal string) outcome {
	i.t.Helper()
	i.env = []string{"OPENALGO_FAILPOINT=" + point + ":" + signal}
	defer func() { i.env = nil }()
	return i.run("--answers", i.answers)
}

// kill runs a command, without one an install, that gets SIGKILL at a
// failpoint, as it would at a power cut.
func (i *instance) kill(point string, args ...string) {
	i.t.Helper()
	if len(args) == 0 {
		args = []string{"--answers", i.answers}
	}
	cmd := i.command(args...)
	cmd.Env = append(cmd.Env, "OPENALGO_FAILPOINT="+point+":KILL")
	_ = cmd.Run()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGKILL {
		i.t.Fatalf("not killed at %s: %v", point, cmd.ProcessState)
	}
}

// mustBeTidy wants nothing of an unfinished run left over.
func (i *instance) mustBeTidy() {
	i.t.Helper()
	if c := i.container(); c.Name != i.project+"-web" || c.State != "running" {
		i.t.Errorf("the container is %s, %s", c.Name, c.State)
	}
	probes, err := docker.Containers(i.t.Context(), "io.openalgo.install.probe="+i.dir)
	if err != nil || len(probes) != 0 {
		i.t.Errorf("%d helper containers are left, %v", len(probes), err)
	}
	err = filepath.Walk(i.dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, i.dir)
		switch {
		case name == "", name == "/.openalgo-install", strings.HasPrefix(name, "/.openalgo-install/backups"):
		case name == "/.env", name == "/docker-compose.yaml", name == "/openalgo-install.yaml":
		case name == "/.openalgo-install/lock", name == "/.openalgo-install/log", name == "/.openalgo-install/state.json", name == "/.openalgo-install/times.json", name == "/.openalgo-install/sample.json", name == "/.openalgo-install/address.json", name == "/.openalgo-install/calendar.json":
		default:
			i.t.Errorf("left over: %s", name)
		}
		return nil
	})
	if err != nil {
		i.t.Error(err)
	}
}

func TestKilledInTheFirstInstall(t *testing.T) {
	t.Parallel()
	probe := newInstance(t)
	probe.program = failing
	for _, point := range sample(probe.points(), 0) {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			i := newInstance(t)
			i.program = failing
			i.kill(point)
			keys := ""
			if _, err := os.Stat(i.path(".env")); err == nil {
				keys = i.keys()
			}
			volumes := i.volumes()
			i.install(0)
			i.mustBeReady()
			i.mustBeTidy()
			// Keys may be made again only while no volume is there to need them.
			if keys != "" && volumes > 0 && i.keys() != keys {
				t.Error("the keys changed under volumes that were there")
			}
			if keys == "" && volumes > 0 {
				t.Error("volumes were made before their keys")
			}
			if n := i.volumes(); n != 5 {
				t.Errorf("%d volumes, want 5", n)
			}
		})
	}
}

func (i *instance) volumes() int {
	i.t.Helper()
	volumes, err := docker.Volumes(i.t.Context(), "com.docker.compose.project="+i.project)
	if err != nil {
		i.t.Fatal(err)
	}
	return len(volumes)
}

const changed = "env: {LOG_LEVEL: DEBUG}\nsizing: {threads: 1}"

// change writes answers that change .env and the sizing, whatever they are now, and
// returns the line that .env has from then on.
func (i *instance) change() (line string) {
	i.t.Helper()
	const set = "LOG_LEVEL = 'DEBUG'"
	if strings.Contains(i.read(".env"), set) {
		i.write("env: {LOG_LEVEL: WARNING}\nsizing: {threads: 2}")
		return "LOG_LEVEL = 'WARNING'"
	}
	i.write(changed)
	return set
}

func TestKilledInAChange(t *testing.T) {
	t.Parallel()
	probe := newInstance(t)
	probe.program = failing
	probe.install(0)
	probe.write(changed)
	inTurns(t, sample(probe.points(), 1), withAccount, func(i *instance, point string) {
		keys, line := i.keys(), i.change()
		i.kill(point)
		i.install(0)
		i.mustHaveData()
		i.mustBeTidy()
		if i.keys() != keys {
			i.t.Error("the keys changed")
		}
		if !strings.Contains(i.read(".env"), line) {
			i.t.Error("the change is not in .env")
		}
		id := i.container().ID
		i.install(0)
		if i.container().ID != id {
			i.t.Error("a third run had something to do")
		}
	})
}

// withAccount is an installed instance with an account, of the program that can be
// killed.
func withAccount(t *testing.T) *instance {
	t.Helper()
	i := newInstance(t)
	i.program = failing
	i.install(0)
	i.addUser()
	return i
}

// SIGTERM and SIGINT undo: what ran before runs again, exit 130.
func TestTerminatedInAChange(t *testing.T) {
	t.Parallel()
	points := []string{"after-backup", "created", "before-stop", "stopping", "after-stop", "env-placed", "before-start", "before-verify"}
	inTurns(t, points, withAccount, func(i *instance, point string) {
		id, env := i.container().ID, i.read(".env")
		i.write(changed)
		out := i.at(point, "TERM")
		if out.code != 130 {
			i.t.Fatalf("exit %d, want 130\n%s", out.code, out.all())
		}
		if i.container().ID != id || i.read(".env") != env {
			i.t.Error("the former container or .env is not back")
		}
		i.mustHaveData()
		i.mustBeTidy()
	})
}

func TestTerminatedInTheFirstInstall(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.program = failing
	if out := i.at("after-files", "TERM"); out.code != 130 {
		t.Fatalf("exit %d, want 130\n%s", out.code, out.all())
	}
	if _, err := os.Stat(i.dir); !os.IsNotExist(err) {
		t.Errorf("the directory is still there:\n%s", snapshot(t, i.dir))
	}
	if out := i.at("before-verify", "TERM"); out.code != 130 {
		t.Fatalf("exit %d, want 130\n%s", out.code, out.all())
	}
	if n := len(i.containers()); n != 0 {
		t.Errorf("%d containers are left", n)
	}
	i.install(0)
	i.mustBeReady()
	i.mustBeTidy()
}

// SIGHUP is a dropped line: the apply goes on.
func TestHangupGoesOn(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.program = failing
	for _, point := range []string{"before-files", "before-start", "before-verify"} {
		if out := i.at(point, "HUP"); out.code != 0 {
			t.Fatalf("at %s: exit %d, want 0\n%s", point, out.code, out.all())
		}
		i.mustBeReady()
		i.write(changed)
	}
}

// The engine goes on with a stop that nobody waits for any more: what is
// brought back must not go down again by it.
func TestKilledWhileTheFormerOneStops(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.program = failing
	i.write("env: {OPENALGO_REHEARSAL_STOP: 3s}")
	i.install(0)
	i.addUser()
	i.write("env: {OPENALGO_REHEARSAL_STOP: 3s, LOG_LEVEL: DEBUG}")
	cmd := i.command("--answers", i.answers, "--json")
	lines, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(lines)
	for scanner.Scan() {
		if strings.Contains(scanner.Text(), `"step":"stop","state":"start"`) {
			break
		}
	}
	// The app takes three seconds to end: its stop is under way.
	time.Sleep(time.Second)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	i.install(0)
	i.mustHaveData()
	i.mustBeTidy()
}
