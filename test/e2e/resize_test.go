package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// resize runs a resize that nothing holds up and wants the exit code.
func (i *instance) resize(want int, more ...string) outcome {
	i.t.Helper()
	out := i.run(append([]string{"resize", "--now", "--yes"}, more...)...)
	if out.code != want {
		i.t.Fatalf("resize %v exits %d, want %d\n%s", more, out.code, want, out.all())
	}
	return out
}

// sized is an installed instance with an account, on an engine where it is
// alone, and with the 16 GB row whatever this machine has.
func sized(t *testing.T) *instance {
	t.Helper()
	i := newInstance(t)
	i.alone()
	i.install(0)
	i.addUser()
	i.resize(0, "--ram", "16GB", "--cores", "2")
	return i
}

// mustHave wants a sizing inside the container, as kernel and environment say.
func (i *instance) mustHave(ramMiB, cores int) {
	i.t.Helper()
	want, _ := sizing.Compute(sizing.Machine{RAMMiB: ramMiB, Cores: cores}, 1, sizing.Overrides{})
	report := i.report()
	if report.ShmBytes != int64(want.ShmMiB)<<20 {
		i.t.Errorf("%d MiB: /dev/shm has %d bytes, want %d MiB", ramMiB, report.ShmBytes, want.ShmMiB)
	}
	if len(report.Settings) != 7 {
		i.t.Fatalf("%d settings", len(report.Settings))
	}
	for n, v := range want.Env() {
		got := report.Settings[n]
		if got.InForce == nil || *got.InForce != v.Value {
			i.t.Errorf("%d MiB: %s in force is %v, want %s", ramMiB, v.Key, got.InForce, v.Value)
		}
		if v.Key != "SHM_SIZE" && (got.Environment == nil || *got.Environment != v.Value) {
			i.t.Errorf("%d MiB: %s in the environment is %v, want %s", ramMiB, v.Key, got.Environment, v.Value)
		}
	}
}

// unsized is .env without the seven lines.
func (i *instance) unsized() string {
	var out strings.Builder
	for line := range strings.Lines(i.read(".env")) {
		key, _, _ := strings.Cut(line, " ")
		if !slices.Contains(sizing.EnvKeys(), key) {
			out.WriteString(line)
		}
	}
	return out.String()
}

// Every row of the table to every other one: the circuit passes each pair once.
func TestResizeFromEachRowToEach(t *testing.T) {
	t.Parallel()
	i := sized(t)
	edited := strings.Replace(i.read(".env"), "\n\n", "\n# mine\nMY_OWN = 'x'\n\n", 1)
	i.put(".env", edited)
	rows := map[string]int{"2GB": 2048, "4GB": 4096, "8GB": 8192, "16GB": 16384}
	circuit := []string{"2GB", "4GB", "2GB", "8GB", "2GB", "16GB", "4GB", "8GB", "4GB", "16GB", "8GB", "16GB", "2GB"}
	i.resize(0, "--ram", "2GB", "--cores", "4")
	env, file, volumes, ports, labels := i.unsized(), i.read("docker-compose.yaml"), i.volumes(), i.container().Ports, i.container().Labels
	for n, row := range circuit[1:] {
		id := i.container().ID
		i.resize(0, "--ram", row, "--cores", "4")
		i.mustHave(rows[row], 4)
		c := i.container()
		if c.ID == id {
			t.Errorf("%s to %s: the container was not recreated", circuit[n], row)
		}
		delete(c.Labels, "com.docker.compose.config-hash")
		delete(labels, "com.docker.compose.config-hash")
		if i.unsized() != env || i.read("docker-compose.yaml") != file || i.volumes() != volumes ||
			fmt.Sprint(c.Ports) != fmt.Sprint(ports) || fmt.Sprint(c.Labels) != fmt.Sprint(labels) {
			t.Errorf("%s to %s: something else than the sizing changed: .env %v, file %v, volumes %v, ports %v and %v, labels %v and %v", circuit[n], row,
				i.unsized() == env, i.read("docker-compose.yaml") == file, i.volumes() == volumes, c.Ports, ports, c.Labels, labels)
		}
		dockerCompose(t, i.dir, "up", "-d")
		if i.container().ID != c.ID {
			t.Errorf("%s to %s: docker compose up -d recreated the container", circuit[n], row)
		}
	}
	i.mustHaveData()
	i.mustBeTidy()
	if out := i.resize(0, "--ram", "2GB", "--cores", "4"); !strings.Contains(out.stdout, "othing to do") {
		t.Errorf("a second time:\n%s", out.stdout)
	}
}

func (i *instance) planResize(more ...string) plan.Plan {
	i.t.Helper()
	out := i.run(append([]string{"resize", "--dry-run", "--json"}, more...)...)
	var p plan.Plan
	if out.code != 0 || json.Unmarshal([]byte(out.stdout), &p) != nil {
		i.t.Fatalf("resize --dry-run --json exits %d\n%s", out.code, out.all())
	}
	return p
}

func (i *instance) setLine(key, value string) {
	i.t.Helper()
	var out strings.Builder
	for line := range strings.Lines(i.read(".env")) {
		if strings.HasPrefix(line, key+" ") {
			line = key + " = '" + value + "'\n"
		}
		out.WriteString(line)
	}
	i.put(".env", out.String())
}

// What the user set is theirs, in .env and in the Compose file.
func TestResizeKeepsWhatTheUserSet(t *testing.T) {
	t.Parallel()
	i := sized(t)
	i.setLine("STRATEGY_MEMORY_LIMIT_MB", "1536")
	p := i.planResize("--ram", "4GB")
	if len(p.Changes) != 2 {
		t.Errorf("%d changes: %v", len(p.Changes), p.Changes)
	}
	for _, line := range p.Settings {
		if line.Key == "STRATEGY_MEMORY_LIMIT_MB" && (line.Action != settings.LineRecreate || line.Env != "1536") {
			t.Errorf("a line that waits to take effect: %+v", line)
		}
	}
	i.resize(0, "--ram", "4GB")
	for _, line := range i.planResize("--ram", "4GB").Settings {
		if line.Key == "STRATEGY_MEMORY_LIMIT_MB" && line.Action != settings.LineKept {
			t.Errorf("not kept: %+v", line)
		}
	}
	if env := i.read(".env"); !strings.Contains(env, "STRATEGY_MEMORY_LIMIT_MB = '1536'") || !strings.Contains(env, "SHM_SIZE = '512m'") {
		t.Errorf("the user's line is gone, or the other was not set")
	}
	i.put("docker-compose.yaml", strings.Replace(i.read("docker-compose.yaml"), "${SHM_SIZE:-512m}", "300m", 1))
	i.resize(0, "--ram", "16GB", "--cores", "2")
	if got := i.report().ShmBytes; got != 300<<20 {
		t.Errorf("shared memory of %d bytes in the place of the user's 300 MiB", got)
	}
	if out := i.resize(0, "--ram", "16GB", "--cores", "2"); !strings.Contains(out.stdout, "othing to do") {
		t.Errorf("the user's own number is due again and again:\n%s", out.stdout)
	}
	i.resize(0, "--ram", "16GB", "--cores", "2", "--force")
	i.mustHave(16384, 2)
	i.mustHaveData()
}

// The image that runs stays, wherever its tag points now.
func TestResizePinsTheImage(t *testing.T) {
	t.Parallel()
	i := sized(t)
	image := i.container().ImageID
	text := strings.Replace(i.read("docker-compose.yaml"), "image: ", "image: openalgo-install/rehearsal:"+i.project+" #", 1)
	other := "openalgo-install/rehearsal:" + i.project
	moved, err := docker.Import(t.Context(), other, strings.NewReader(string(make([]byte, 1024))), []string{"CMD [\"/none\"]"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = docker.RemoveImage(context.Background(), other) })
	if moved.ID == image {
		t.Fatal("the same image")
	}
	i.put("docker-compose.yaml", text)
	i.resize(0, "--ram", "4GB")
	if got := i.container().ImageID; got != image {
		t.Errorf("the image is %s, was %s", got, image)
	}
	i.mustHave(4096, 2)
	i.mustHaveData()
}

// Less than is in use now wants a yes, and says what will not fit.
func TestResizeDownAsks(t *testing.T) {
	t.Parallel()
	i := sized(t)
	i.resize(0, "--ram", "8GB", "--cores", "2")
	c := i.container()
	configs := "{" + strings.TrimSuffix(strings.Repeat(`"s%d":{},`, 9), ",") + "}"
	configs = fmt.Sprintf(configs, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	putFile(t, c, "/app/strategies", "strategy_configs.json", configs)
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/root/dev/shm/full", c.Pid), make([]byte, 600<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	out := i.run("resize", "--now", "--ram", "4GB")
	if out.code != 2 {
		t.Errorf("exits %d without --yes, want 2", out.code)
	}
	for _, want := range []string{"SHM_SIZE from 1024m to 512m", "600 MiB of shared memory", "9 strategies", "--yes"} {
		if !strings.Contains(out.stderr, want) {
			t.Errorf("%q is not said:\n%s", want, out.stderr)
		}
	}
	if i.container().ID != c.ID {
		t.Error("the container was touched")
	}
	i.resize(0, "--ram", "4GB")
	i.mustHave(4096, 2)
}

// putFile writes a file into a running container.
func putFile(t *testing.T, c engine.Container, dir, name, text string) {
	t.Helper()
	path := filepath.Join(fmt.Sprintf("/proc/%d/root", c.Pid), dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A stack that does not come up with its new sizing gets the old one back.
func TestResizeThatFails(t *testing.T) {
	t.Parallel()
	i := sized(t)
	id, env := i.container().ID, i.read(".env")
	text := i.read("docker-compose.yaml")
	i.put("docker-compose.yaml", strings.Replace(text, "    init: true\n", "    init: true\n    entrypoint: [\"/openalgo-install\", \"none\"]\n", 1))
	if out := i.resize(4, "--ram", "4GB"); !strings.Contains(out.stderr, "OpenAlgo runs as before") {
		t.Errorf("what is now is not said:\n%s", out.stderr)
	}
	if i.container().ID != id || i.read(".env") != env {
		t.Error("container or .env are not the former")
	}
	i.put("docker-compose.yaml", text)
	i.mustHaveData()
	i.mustBeTidy()
}

func TestResizeMarketHours(t *testing.T) {
	t.Parallel()
	i := sized(t)
	i.program = failing
	engine := i.env
	id := i.container().ID
	for now, want := range map[string]string{
		"2026-11-23T09:15:00+05:30": "NSE and BSE trade until 15:30 IST",
		"2026-11-23T20:00:00+05:30": "MCX commodities trade until 23:55 IST",
	} {
		i.env = append(slices.Clone(engine), "OPENALGO_NOW="+now)
		out := i.run("resize", "--yes", "--ram", "4GB")
		if out.code != 3 || !strings.Contains(out.stderr, want) || !strings.Contains(out.stderr, "--at 16:00") {
			t.Errorf("at %s: exit %d, want 3 and %q\n%s", now, out.code, want, out.all())
		}
	}
	if i.container().ID != id {
		t.Error("the container was touched")
	}
	i.env = append(slices.Clone(engine), "OPENALGO_NOW=2026-11-22T11:00:00+05:30") // a Sunday
	if out := i.run("resize", "--yes", "--ram", "4GB"); out.code != 0 {
		t.Errorf("on a Sunday: exit %d\n%s", out.code, out.all())
	}
	url := "http://127.0.0.1:" + fmt.Sprint(i.web) + "/deltaexchange/callback"
	i.setLine("REDIRECT_URL", url)
	if out := i.run("resize", "--yes", "--ram", "8GB"); out.code != 3 || !strings.Contains(out.stderr, "crypto") {
		t.Errorf("a crypto broker on a Sunday: exit %d, want 3\n%s", out.code, out.all())
	}
}

func TestResizeWithoutAStack(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	if out := i.resize(3); !strings.Contains(out.stderr, "no OpenAlgo container") {
		t.Errorf("not said:\n%s", out.stderr)
	}
	for _, args := range [][]string{{"--ram", "x"}, {"--cores", "0"}, {"--at", "16:00"}} {
		if out := i.resize(2, args...); out.stderr == "" {
			t.Errorf("%v: no word", args)
		}
	}
	if out := i.run("resize", "--at", "4pm"); out.code != 2 || !strings.Contains(out.stderr, "16:00") {
		t.Errorf("--at 4pm: exit %d\n%s", out.code, out.all())
	}
	if _, err := os.Stat(i.dir); !os.IsNotExist(err) {
		t.Error("something was written")
	}
}

// On a terminal it asks, shows what it asks about, and takes no for an answer.
func TestResizeAsksOnATerminal(t *testing.T) {
	t.Parallel()
	i := sized(t)
	i.program = failing
	i.env = append(i.env, "OPENALGO_NOW=2026-11-23T11:00:00+05:30", "TERM=xterm")
	id := i.container().ID
	for _, c := range []struct {
		answer string
		want   int
	}{{"no", 130}, {"yes", 0}} {
		answer, want := c.answer, c.want
		cmd := i.command("resize", "--ram", "4GB")
		terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
		if err != nil {
			t.Fatal(err)
		}
		said := readUntil(t, terminal, "Type yes to confirm")
		_, _ = terminal.WriteString(answer + "\n")
		if answer == "yes" {
			said += readUntil(t, terminal, "MCX") // the second question
			_, _ = terminal.WriteString(answer + "\n")
		}
		_, _ = io.Copy(io.Discard, terminal)
		_ = cmd.Wait()
		_ = terminal.Close()
		if code := cmd.ProcessState.ExitCode(); code != want {
			t.Errorf("%s exits %d, want %d\n%s", answer, code, want, said)
		}
		if changed := i.container().ID != id; changed != (answer == "yes") {
			t.Errorf("%s: changed is %v", answer, changed)
		}
		if !strings.Contains(said, "SHM_SIZE") {
			t.Errorf("the plan is not shown:\n%s", said)
		}
	}
}

// What the answers of the install fix of the sizing is the user's own word.
func TestResizeKeepsWhatTheAnswersFix(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.alone()
	i.write("sizing: {threads: 1, shm_size: 300m}")
	i.install(0)
	i.resize(0, "--ram", "2GB", "--cores", "2")
	i.resize(0, "--ram", "8GB", "--cores", "2")
	if env := i.read(".env"); !strings.Contains(env, "SHM_SIZE = '300m'") || !strings.Contains(env, "OMP_NUM_THREADS = '1'") ||
		!strings.Contains(env, "STRATEGY_MEMORY_LIMIT_MB = '1024'") {
		t.Error("threads and shm_size are not those of the answers, or the strategy memory is not the one that is due")
	}
	i.install(0)
	if out := i.install(0); !strings.Contains(out.stdout, "othing to do") {
		t.Errorf("an install after a resize changes something:\n%s", out.stdout)
	}
	i.resize(0, "--ram", "8GB", "--cores", "2", "--force")
	i.mustHave(8192, 2)
}
