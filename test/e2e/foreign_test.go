package e2e_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/bytecode"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
)

// foreign prepares the directory of a stack that another tool makes: .env with
// keys of its own, the sizing lines commented out as OpenAlgo's sample has
// them, and the user's own line.
func foreign(t *testing.T, dirName string) *instance {
	t.Helper()
	i := newInstance(t)
	rendered := t.TempDir()
	if out := i.run("render", "--answers", i.answers, "--out", rendered); out.code != 0 {
		t.Fatal(out.all())
	}
	made, err := os.ReadFile(filepath.Join(rendered, ".env"))
	if err != nil {
		t.Fatal(err)
	}
	var env strings.Builder
	for line := range strings.Lines(string(made)) {
		if strings.Contains(line, "_NUM_THREADS") || strings.HasPrefix(line, "STRATEGY_MEMORY") || strings.HasPrefix(line, "SHM_SIZE") {
			line = "# " + line
		}
		env.WriteString(line)
	}
	if dirName != "" {
		i.dir = filepath.Join(filepath.Dir(i.dir), i.project+dirName)
		i.project = compose.ProjectName(i.dir)
		project := i.project
		t.Cleanup(func() { removeProject(t, project) })
	}
	if err := os.MkdirAll(i.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	i.put(".env", env.String()+"# my own\nMY_OWN = 'a b'\n")
	i.lend(".env")
	i.put("README.md", "the checkout\n")
	i.alone()
	return i
}

// The shapes of install-docker.sh and install-docker-multi-custom-ssl.sh: a
// list of variables with numbers, shm_size as a number, image and build.
const scriptFile = `services:
  openalgo:
    image: %[1]s
    build:
      context: .
      dockerfile: Dockerfile
    container_name: %[2]s-web
    ports:
      - "127.0.0.1:%[3]d:5000"
      - "127.0.0.1:%[4]d:8765"
    volumes:
      - openalgo_db:/app/db
      - openalgo_log:/app/log
      - openalgo_strategies:/app/strategies
      - openalgo_keys:/app/keys
      - openalgo_tmp:/app/tmp
      - ./.env:/app/.env
    environment:
      - FLASK_ENV=production
      - FLASK_DEBUG=0
      - APP_MODE=standalone
      - TZ=Asia/Kolkata
      # Resource limits (computed)
      - OPENBLAS_NUM_THREADS=1
      - OMP_NUM_THREADS=1
      - MKL_NUM_THREADS=1
      - NUMEXPR_NUM_THREADS=1
      - NUMBA_NUM_THREADS=1
      - STRATEGY_MEMORY_LIMIT_MB=256
    shm_size: '490m'
    healthcheck:
      test: ["CMD", "curl", "-f", "http://127.0.0.1:5000/auth/check-setup"]
      interval: 30s
      timeout: 10s
      retries: 3
      start_period: 40s
    restart: unless-stopped

volumes:
  openalgo_db:
    driver: local
  openalgo_log:
    driver: local
  openalgo_strategies:
    driver: local
  openalgo_keys:
    driver: local
  openalgo_tmp:
    driver: local
`

// handFile is somebody's own: another service name, a mapping, a secret.
const handFile = `# my trading box, do not touch
x-logging: &logging
  driver: json-file
  options: {max-size: 5m}
services:
  trading:   # OpenAlgo
    image: %[1]s
    ports: ["127.0.0.1:%[3]d:5000", "127.0.0.1:%[4]d:8765"]
    logging: *logging
    labels: {my.label: "%[2]s"}
    environment:
      OMP_NUM_THREADS: 1
      MKL_NUM_THREADS: "1"   # Intel
      STRATEGY_MEMORY_LIMIT_MB: '256'
      TZ: Asia/Kolkata
    shm_size: 490m
    secrets: [token]
    volumes:
      - ./data/db:/app/db
      - strategies:/app/strategies
      - {type: bind, source: ./.env, target: /app/.env}
secrets:
  token: {file: ./token}
volumes: {strategies: }
`

func (i *instance) composeUp(name, text string) {
	i.t.Helper()
	i.put(name, fmt.Sprintf(text, rehearsalRef(program), i.project, i.web, i.ws))
	dockerCompose(i.t, i.dir, "up", "-d")
}

// lend gives a file or a directory to OpenAlgo's user in a container, as somebody does
// who sets that up by hand: who has no root opens it to everybody.
func (i *instance) lend(name string) {
	i.t.Helper()
	if os.Geteuid() != 0 {
		info, err := os.Stat(i.path(name))
		must(i.t, err)
		mode := os.FileMode(0o666)
		if info.IsDir() {
			mode = 0o777
		}
		must(i.t, os.Chmod(i.path(name), mode))
		return
	}
	owner := docker.Info().UserBase + 1000
	must(i.t, os.Chown(i.path(name), owner, owner))
}

func (i *instance) mkdir(names ...string) {
	i.t.Helper()
	for _, name := range names {
		if err := os.MkdirAll(i.path(name), 0o755); err != nil {
			i.t.Fatal(err)
		}
		i.lend(name)
	}
}

// dockerRun is what docker-run.sh leaves: one container, bind mounts beside
// the .env, no Compose file.
func (i *instance) dockerRun() { i.dockerRunWith(func(*engine.ContainerSpec) {}) }

func (i *instance) dockerRunWith(more func(*engine.ContainerSpec)) {
	i.t.Helper()
	i.mkdir("db", "log", "strategies", "keys", "tmp")
	spec := engine.ContainerSpec{
		Name:   i.project + "-run",
		Config: engine.Config{Image: rehearsalRef(program), Env: []string{"OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1", "STRATEGY_MEMORY_LIMIT_MB=256", "TZ=Asia/Kolkata"}},
		Host:   engine.HostConfig{RestartPolicy: engine.RestartPolicy{Name: "unless-stopped"}, ShmSize: 490 << 20},
		Ports: []engine.PortBinding{
			{HostIP: "127.0.0.1", HostPort: i.web, ContainerPort: 5000}, {HostIP: "127.0.0.1", HostPort: i.ws, ContainerPort: 8765},
		},
		Mounts: []engine.Mount{{Type: "bind", Source: i.path(".env"), Target: "/app/.env"}},
	}
	for _, name := range []string{"db", "log", "strategies", "keys", "tmp"} {
		spec.Mounts = append(spec.Mounts, engine.Mount{Type: "bind", Source: i.path(name), Target: "/app/" + name})
	}
	more(&spec)
	id, err := docker.Create(i.t.Context(), spec)
	if err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(func() {
		for _, name := range []string{spec.Name, spec.Name + "-new"} {
			_ = docker.Kill(context.Background(), name, "KILL")
			_ = docker.Remove(context.Background(), name)
		}
	})
	if err := docker.Start(i.t.Context(), id); err != nil {
		i.t.Fatal(err)
	}
}

// running is the container of a stack that may have no Compose labels.
func (i *instance) running() engine.Container {
	i.t.Helper()
	all, err := docker.Containers(i.t.Context())
	if err != nil {
		i.t.Fatal(err)
	}
	var found []engine.Container
	for _, c := range all {
		helps := c.Labels[helper.Label] + c.Labels[bytecode.Label]
		if helps == "" && strings.Contains(c.Name, i.project) {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		i.t.Fatalf("%d containers, want 1", len(found))
	}
	return found[0]
}

// foreignStacks are the four ways in which others make a stack, and the
// Compose file that each has.
var foreignStacks = map[string]struct {
	dirName, file string
	up            func(*instance)
}{
	"install-docker.sh": {"", "docker-compose.yaml", func(i *instance) { i.composeUp("docker-compose.yaml", scriptFile) }},
	"install-docker-multi-custom-ssl.sh": {".algo.example.com", "docker-compose.yaml", func(i *instance) {
		i.composeUp("docker-compose.yaml", scriptFile)
	}},
	"docker-run.sh": {"", "", (*instance).dockerRun},
	"by hand": {"", "docker-compose.yml", func(i *instance) {
		i.put("token", "the-users-own\n")
		i.mkdir("data", "data/db")
		if os.Geteuid() == 0 {
			base := docker.Info().UserBase
			must(i.t, os.Chown(i.path(".env"), base+1000, base+1001))
			must(i.t, os.Chmod(i.path(".env"), 0o640))
		}
		i.composeUp("docker-compose.yml", handFile)
	}},
}

func TestResizeForeignStacks(t *testing.T) {
	t.Parallel()
	for name, stack := range foreignStacks {
		t.Run(name, func(t *testing.T) {
			i := foreign(t, stack.dirName)
			stack.up(i)
			i.until("the stack answers", func() bool { return strings.Contains(i.run("status").stdout, "  ready") })
			i.addUser()
			keys, before, owner := i.keys(), i.running(), i.owner(".env")
			file := ""
			if stack.file != "" {
				file = i.read(stack.file)
			}
			i.resize(0, "--ram", "8GB", "--cores", "2")
			i.mustHaveForeign(before, keys, 1024, "2")
			if out := i.resize(0, "--ram", "8GB", "--cores", "2"); !strings.Contains(out.stdout, "othing to do") {
				t.Errorf("a second time:\n%s", out.stdout)
			}
			if stack.file != "" {
				i.mustHaveFreed(stack.file, file)
				id := i.running().ID
				dockerCompose(t, i.dir, "up", "-d")
				if i.running().ID != id {
					t.Error("docker compose up -d recreated the container")
				}
			}
			i.resize(0, "--ram", "4GB", "--cores", "2")
			i.mustHaveForeign(before, keys, 512, "2")
			if got := i.owner(".env"); got != owner {
				t.Errorf(".env is %s, was %s", got, owner)
			}
			if env := i.read(".env"); !strings.Contains(env, "# my own\nMY_OWN = 'a b'") || !strings.Contains(env, "SHM_SIZE = '512m'") {
				t.Error("the user's line is gone, or the sizing is not in .env")
			}
		})
	}
}

// What another tool made is not written over: its keys open its data.
func TestForeignIsNotWrittenOver(t *testing.T) {
	t.Parallel()
	other := backupable(t)
	file := other.backedUp("--to", t.TempDir())
	i := foreign(t, "")
	i.dockerRun()
	before, id := i.read(".env"), i.running().ID
	i.web, i.ws = freePort(t), freePort(t)
	i.write("")
	for _, args := range [][]string{{"--answers", i.answers}, {"--answers", i.answers, "--dry-run"}, {"restore", file, "--now", "--yes"}} {
		out := i.run(args...)
		if out.code != 3 {
			t.Errorf("%s exits %d", args, out.code)
		}
		out.mustSay(t, "adopt")
	}
	if i.read(".env") != before || i.running().ID != id {
		t.Error("something was changed")
	}
	if err := docker.Kill(t.Context(), id, "KILL"); err != nil {
		t.Fatal(err)
	}
	if err := docker.Remove(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	i.put("db/openalgo.db", "rows")
	i.run("restore", file, "--now", "--yes").mustSay(t, "another tool installed")
}

// A container that was left over with the .env of an instance is in nobody's
// way, and is nobody's stack.
func TestLeftOverContainer(t *testing.T) {
	t.Parallel()
	i := filled(t)
	if err := os.Chmod(i.path("openalgo-install.yaml"), 0o644); err != nil {
		t.Fatal(err)
	}
	id, err := docker.Create(t.Context(), engine.ContainerSpec{Name: i.project + "-old",
		Config: engine.Config{Image: rehearsalRef(program)},
		Mounts: []engine.Mount{
			{Type: "bind", Source: i.path(".env"), Target: "/app/.env"}, {Type: "bind", Source: t.TempDir(), Target: "/app/db"},
		}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = docker.Remove(context.Background(), id) })
	custom := t.TempDir()
	i.put("docker-compose.override.yaml", "services: {openalgo: {volumes: ['"+custom+":/data']}}\n")
	if out := i.run("set", "LOGS_DATABASE_URL=sqlite:////data/logs.db", "MY_HOOK=https://x.example/1", "--now", "--yes"); out.code != 0 || !strings.Contains(out.all(), "backups leave this file out") {
		t.Errorf("set: %s", out.all())
	}
	if info, err := os.Stat(i.path("openalgo-install.yaml")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for _, args := range []string{"stop", "start", "uninstall", "start"} {
		if out := i.run(args); out.code != 0 {
			t.Fatalf("%s: %s", args, out.all())
		}
	}
	if out := i.run("doctor"); strings.Contains(out.stdout, "FAIL") {
		t.Error(out.stdout)
	}
	if report := i.report(); report.Users != 1 {
		t.Errorf("%+v", report)
	}
	if c, err := docker.Container(t.Context(), id); err != nil || c.State != "created" {
		t.Errorf("%s, %v", c.State, err)
	}
}

// What was started by docker run alone is found by the .env that it mounts.
func TestStackOfDockerRun(t *testing.T) {
	t.Parallel()
	i := foreign(t, foreignStacks["docker-run.sh"].dirName)
	i.dockerRun()
	i.until("the stack answers", func() bool { return strings.Contains(i.run("status").stdout, "  ready") })
	before := i.running().ID
	began := i.running().StartedAt
	for _, command := range []string{"stop", "start", "restart"} {
		if out := i.run(command, "--dry-run"); out.code != 0 || !strings.Contains(out.stdout, "Dry run: nothing was changed.") {
			t.Errorf("%s --dry-run exits %d: %s", command, out.code, out.all())
		}
	}
	if now := i.running(); !now.StartedAt.Equal(began) {
		t.Error("a dry run stopped or started it")
	}
	for _, step := range [][2]string{{"stop", "is stopped"}, {"start", "is ready"}, {"restart", "is ready"}, {"logs", "listens on"}} {
		if out := i.run(step[0]); out.code != 0 || !strings.Contains(out.stdout, step[1]) {
			t.Errorf("%s exits %d: %s", step[0], out.code, out.all())
		}
	}
	if i.running().ID != before {
		t.Error("it was recreated")
	}
	i.run("upgrade").mustSay(t, "adopt")
	i.run("uninstall").mustSay(t, "adopt")
}

// owner is the owner and mode of a file.
func (i *instance) owner(name string) string {
	i.t.Helper()
	info, err := os.Stat(i.path(name))
	if err != nil {
		i.t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	return fmt.Sprintf("%d:%d %s", stat.Uid, stat.Gid, info.Mode())
}

// mustHaveForeign wants the previous container but for its sizing.
func (i *instance) mustHaveForeign(before engine.Container, keys string, shmMiB int64, threads string) {
	i.t.Helper()
	i.mustBeReady()
	c, report := i.running(), i.report()
	if report.Users != 1 || i.keys() != keys {
		i.t.Error("data or keys are not the former")
	}
	if report.ShmBytes != shmMiB<<20 {
		i.t.Errorf("/dev/shm has %d MiB, want %d", report.ShmBytes>>20, shmMiB)
	}
	for _, s := range report.Settings {
		if strings.HasSuffix(s.Key, "_NUM_THREADS") && (s.InForce == nil || *s.InForce != threads) {
			i.t.Errorf("%s is not %s", s.Key, threads)
		}
	}
	if c.ID == before.ID || c.Name != before.Name || c.ImageID != before.ImageID || c.Restart != before.Restart ||
		fmt.Sprint(c.Mounts) != fmt.Sprint(before.Mounts) || fmt.Sprint(c.Ports) != fmt.Sprint(before.Ports) || fmt.Sprint(c.Networks) != fmt.Sprint(before.Networks) {
		i.t.Errorf("the container is not the former but for its sizing:\n%+v\n%+v", before, c)
	}
	for label, value := range before.Labels {
		if c.Labels[label] != value && label != compose.LabelHash {
			i.t.Errorf("label %s is %q, was %q", label, c.Labels[label], value)
		}
	}
}

// mustHaveFreed wants the user's file with nothing but its numbers replaced,
// and copies of both files.
func (i *instance) mustHaveFreed(name, before string) {
	i.t.Helper()
	now := strings.Split(i.read(name), "\n")
	for n, line := range strings.Split(before, "\n") {
		if now[n] != line && !strings.Contains(now[n], ":-") {
			i.t.Errorf("line %d changed: %q, was %q", n+1, now[n], line)
		}
	}
	for _, file := range []string{strings.TrimPrefix(name, "."), "env"} {
		if copies, _ := filepath.Glob(i.path(".openalgo-install/backups/" + file + ".*")); len(copies) == 0 {
			i.t.Errorf("no copy of %s is kept", file)
		}
	}
}

func TestResizeForeignKilled(t *testing.T) {
	t.Parallel()
	for name, stack := range foreignStacks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := foreign(t, stack.dirName)
			i.program = failing
			stack.up(i)
			i.until("the stack answers", func() bool { return strings.Contains(i.run("status").stdout, "  ready") })
			i.addUser()
			keys, before := i.keys(), i.running()
			points := []string{"created", "after-stop", "env-placed", "after-start", "removed-old"}
			if strings.HasPrefix(name, "install-docker") { // made as the one by hand is
				points = points[1:3]
			}
			for _, point := range points {
				i.kill(point, "resize", "--now", "--yes", "--ram", "8GB", "--cores", "2")
				i.resize(0, "--ram", "8GB", "--cores", "2")
				i.mustHaveForeign(before, keys, 1024, "2")
				i.resize(0, "--ram", "4GB", "--cores", "2")
			}
			i.mustHaveForeign(before, keys, 512, "2")
		})
	}
}
