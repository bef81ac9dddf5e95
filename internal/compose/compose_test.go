package compose_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/compose"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var params = compose.Params{
	Project: "openalgo", Container: "openalgo-web", Image: "marketcalls/openalgo:latest",
	Bind: "127.0.0.1", WebPort: 5000, WebSocketPort: 8765,
}

func source(dir string, text []byte, env string) compose.Source {
	return compose.Source{Dir: dir, Env: []byte(env),
		Files: []compose.File{{Path: filepath.Join(dir, compose.FileName), Content: text}}}
}

func TestRenderGolden(t *testing.T) {
	selinux := params
	selinux.SELinux, selinux.Bind = true, "::1"
	cached := params
	cached.Bytecode = true
	ported := params
	ported.WebPort, ported.WebSocketPort, ported.Command = 5001, 8766, compose.Command(5001, 8766)
	for name, p := range map[string]compose.Params{"plain": params, "ports": ported, "selinux-ipv6": selinux, "bytecode": cached} {
		got := compose.Render(p)
		path := filepath.Join("testdata", name+".golden.yaml")
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s differs from %s:\n%s", name, path, got)
		}
	}
}

func TestLoadReadsTheSizingFromEnv(t *testing.T) {
	stack, err := compose.Load(source("/opt/openalgo", compose.Render(params), "SHM_SIZE='256m'\nOMP_NUM_THREADS='1'\n"))
	if err != nil {
		t.Fatal(err)
	}
	spec := stack.Spec("sha256:abc")
	if spec.Host.ShmSize != 256<<20 {
		t.Errorf("shm = %d, want 256 MiB", spec.Host.ShmSize)
	}
	env := strings.Join(spec.Env, " ")
	if !strings.Contains(env, "OMP_NUM_THREADS=1") || !strings.Contains(env, "MKL_NUM_THREADS=2") {
		t.Errorf("env = %s", env)
	}
	if stack.Project != "openalgo" || stack.ContainerName() != "openalgo-web" {
		t.Errorf("project %q, container %q", stack.Project, stack.ContainerName())
	}
	var names []string
	for _, v := range stack.Volumes {
		names = append(names, v.Spec.Name)
		for label := range v.Spec.Labels {
			if strings.Contains(label, "config-hash") {
				t.Errorf("volume %s has a config hash: `docker compose up -d -y` would delete it one day", v.Spec.Name)
			}
		}
	}
	if got := strings.Join(names, " "); got != "openalgo_openalgo_db openalgo_openalgo_log openalgo_openalgo_strategies openalgo_openalgo_keys openalgo_openalgo_tmp" {
		t.Errorf("volumes: %s", got)
	}
	if spec.Labels[compose.LabelImage] != "sha256:abc" {
		t.Errorf("image label = %q", spec.Labels[compose.LabelImage])
	}
}

func TestComposeProjectNameInEnvWins(t *testing.T) {
	stack, err := compose.Load(source("/opt/openalgo", compose.Render(params), "COMPOSE_PROJECT_NAME=other\n"))
	if err != nil {
		t.Fatal(err)
	}
	if stack.Project != "other" || stack.Volumes[0].Spec.Name != "other_openalgo_db" {
		t.Errorf("project %q, volume %q", stack.Project, stack.Volumes[0].Spec.Name)
	}
}

// edits are what a user may write into the service; each is carried out.
var edits = []string{
	"mem_limit: 2g", "cpus: 1.5", "pids_limit: 512", "user: '1000'", "hostname: algo", "tty: true",
	"cap_drop: [ALL]", "cap_add: [SYS_PTRACE]", "security_opt: ['no-new-privileges:true']", "read_only: true",
	"tmpfs: ['/scratch:size=10m']", "sysctls: {net.core.somaxconn: 1024}", "ulimits: {nofile: {soft: 1024, hard: 2048}}",
	"extra_hosts: ['db.local:10.0.0.9']", "dns: [1.1.1.1]", "dns_search: [example.com]", "working_dir: /app",
	"command: ['/app/start.sh']", "labels: {a.b: c}", "stop_signal: SIGINT", "group_add: ['44']",
	"mem_reservation: 1g",
	"deploy: {resources: {limits: {cpus: '1.0', memory: 1g, pids: 300}, reservations: {memory: 256m}}}",
	"networks: {default: {aliases: [algo]}}", "oom_score_adj: -100", "stdin_open: true", "expose: ['5555']",
	"memswap_limit: 3g", "ipc: private", "devices: ['/dev/null:/dev/xnull:rwm']", "domainname: example.com",
}

func edited(line string) []byte {
	text := string(compose.Render(params))
	if key, _, _ := strings.Cut(line, ":"); strings.Contains(text, "\n    "+key+":") || strings.Contains(line, "pids") {
		text = string(compose.Earlier([]byte(text))[2]) // which does not have it yet
	}
	return []byte(strings.Replace(text, "    init: true\n", "    init: true\n    "+line+"\n", 1))
}

func TestTheContainerHasFewRights(t *testing.T) {
	rendered := compose.Render(params)
	stack, err := compose.Load(source("/opt/openalgo", rendered, ""))
	if err != nil {
		t.Fatal(err)
	}
	spec := stack.Spec("sha256:abc")
	if len(spec.Host.CapDrop) != 1 || spec.Host.CapDrop[0] != "ALL" || len(spec.Host.CapAdd) > 0 {
		t.Errorf("capabilities: all but %v, and %v", spec.Host.CapDrop, spec.Host.CapAdd)
	}
	if len(spec.Host.SecurityOpt) != 1 || spec.Host.SecurityOpt[0] != "no-new-privileges:true" {
		t.Errorf("security_opt: %v", spec.Host.SecurityOpt)
	}
	if spec.Host.PidsLimit == nil || *spec.Host.PidsLimit != 2048 {
		t.Errorf("pids_limit: %v", spec.Host.PidsLimit)
	}
	root := params
	root.AsRoot = true
	if stack, err := compose.Load(source("/opt/openalgo", compose.Render(root), "")); err != nil || len(stack.Spec("").Host.CapDrop) > 0 {
		t.Errorf("an image that runs as root: %v, %v", stack.Spec("").Host.CapDrop, err)
	}
	if spec.Host.Memory != 0 {
		t.Error("a memory limit would kill a process that trades")
	}
}

// An instance of an earlier version has one of these files, to the byte.
func TestEarlier(t *testing.T) {
	first, err := os.ReadFile("testdata/earlier.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, bind := range []bool{false, true} {
		without, with := params, params
		without.BindData, with.BindData, with.Bytecode = bind, bind, true
		earlier := compose.Earlier(compose.Render(with))
		if want := compose.Render(without); string(earlier[1]) != string(want) {
			t.Errorf("the version before wrote\n%s\nand not\n%s", want, earlier[1])
		}
		if !bind && string(earlier[2]) != string(first) {
			t.Errorf("the first versions wrote\n%s\nand not\n%s", first, earlier[2])
		}
		ported := with
		ported.Command = compose.Command(5001, 8766)
		if got := compose.Earlier(compose.Render(ported)); string(got[0]) != string(compose.Render(with)) || string(got[2]) != string(earlier[2]) {
			t.Errorf("before the command it wrote\n%s\nand\n%s", got[0], got[2])
		}
	}
}

func TestOpenAlgoCannotWriteItsBytecode(t *testing.T) {
	p := params
	p.Bytecode = true
	stack, err := compose.Load(source("/opt/openalgo", compose.Render(p), ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range stack.Spec("").Mounts {
		if m.Target == compose.BytecodeDir {
			if !m.ReadOnly || m.Source != "openalgo_openalgo_bytecode" {
				t.Errorf("the mount is %+v", m)
			}
			return
		}
	}
	t.Error("nothing is mounted there")
}

func TestEditsAreCarriedOut(t *testing.T) {
	base, err := compose.Load(source("/opt/openalgo", compose.Render(params), ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range edits {
		stack, err := compose.Load(source("/opt/openalgo", edited(line), ""))
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if stack.Hash == base.Hash {
			t.Errorf("%s: the hash stays the same", line)
		}
	}
}

func TestWhatCannotBeCarriedOutIsNamed(t *testing.T) {
	for line, name := range map[string]string{
		"secrets: [s]":                      "services.openalgo.secrets",
		"post_start: [{command: ['true']}]": "services.openalgo.post_start",
		"gpus: all":                         "services.openalgo.gpus",
		"blkio_config: {weight: 300}":       "services.openalgo.blkio_config",
		"volumes_from: [x]":                 "",
		"userns_mode: host":                 "services.openalgo.userns_mode",
		"expose: ['http']":                  "",
	} {
		text := edited(line)
		if strings.HasPrefix(line, "secrets") {
			text = append(text, "secrets: {s: {file: ./s}}\n"...)
		}
		_, err := compose.Load(source("/opt/openalgo", text, ""))
		if err == nil {
			t.Errorf("%s: loaded, and would be dropped in silence", line)
			continue
		}
		var unsupported *compose.UnsupportedError
		if name != "" && (!errors.As(err, &unsupported) || !strings.Contains(err.Error(), name)) {
			t.Errorf("%s: the error does not name %s: %v", line, name, err)
		}
	}
}

func TestAnotherServiceIsRefused(t *testing.T) {
	text := strings.Replace(string(compose.Render(params)), "\nvolumes:\n", "\n  redis:\n    image: redis\n\nvolumes:\n", 1)
	_, err := compose.Load(source("/opt/openalgo", []byte(text), ""))
	if err == nil || !strings.Contains(err.Error(), "services.redis") {
		t.Errorf("err = %v", err)
	}
}

func TestABadEnvIsRefusedWithoutShowingIt(t *testing.T) {
	_, err := compose.Load(source("/opt/openalgo", compose.Render(params), "BROKER_API_KEY='canary-key'x'\n"))
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("err = %v", err)
	}
}

// The hash must be Docker Compose's own, or `docker compose up -d` recreates
// the container.
func TestHashIsDockerComposes(t *testing.T) {
	referee := os.Getenv("OPENALGO_COMPOSE")
	if referee == "" {
		if os.Getenv("OPENALGO_E2E") == "require" {
			t.Fatal("OPENALGO_COMPOSE names no Docker Compose; `make test` builds one")
		}
		t.Skip("OPENALGO_COMPOSE names no Docker Compose")
	}
	cases := map[string][]byte{}
	for _, line := range append([]string{"# as rendered"}, edits...) {
		cases[line] = edited(line)
	}
	everything, err := os.ReadFile("testdata/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cached := params
	cached.Bytecode = true
	cases["with bytecode"] = compose.Render(cached)
	cached.BindData = true
	cases["with bytecode, data in directories"] = compose.Render(cached)
	cases["everything"] = everything
	network := regexp.MustCompile(`(?m)^    networks: .*$`)
	cases["everything, on the host's network"] = network.ReplaceAll(everything, []byte("    network_mode: host"))
	for line, text := range cases {
		dir := t.TempDir()
		for name, content := range map[string][]byte{compose.FileName: text, ".env": []byte("SHM_SIZE='1024m'\n")} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		stack, err := compose.Load(source(dir, text, "SHM_SIZE='1024m'\n"))
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		want := refereeHash(t.Context(), t, referee, dir)
		if stack.Hash != want {
			t.Errorf("%s: hash %s, Docker Compose says %s", line, stack.Hash, want)
		}
	}
}

func refereeHash(ctx context.Context, t *testing.T, referee, dir string) string {
	t.Helper()
	cmd := exec.CommandContext(ctx, referee, "config", "--hash", "openalgo")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("docker compose config: %v", err)
	}
	fields := strings.Fields(string(out))
	return fields[len(fields)-1]
}

func FuzzLoad(f *testing.F) {
	f.Add(string(compose.Render(params)), "SHM_SIZE='512m'\n")
	f.Add("services: {openalgo: {image: a}}", "")
	f.Fuzz(func(t *testing.T, text, env string) {
		stack, err := compose.Load(source("/opt/openalgo", []byte(text), env))
		if err == nil && stack.Hash == "" {
			t.Error("a stack without a hash")
		}
	})
}
