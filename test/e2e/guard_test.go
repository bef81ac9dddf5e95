package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

func (i *instance) put(name, text string) {
	i.t.Helper()
	if err := os.WriteFile(i.path(name), []byte(text), 0o600); err != nil {
		i.t.Fatal(err)
	}
}

// With another pepper the app would start, and nobody could log in.
func TestAnotherPepperUnderTheData(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"API_KEY_PEPPER", "FERNET_SALT"} {
		i := filled(t)
		i.write("env: {LOG_LEVEL: DEBUG}")
		env, id := i.read(".env"), i.container().ID
		_, rest, _ := strings.Cut(env, key+" = '")
		value, _, _ := strings.Cut(rest, "'")
		i.put(".env", strings.Replace(env, value, strings.Repeat("ab", len(value)/2), 1))
		if out := i.install(3); !strings.Contains(out.stderr, key) || !strings.Contains(out.stderr, "backups") {
			t.Errorf("key and way out are not named:\n%s", out.stderr)
		}
		if i.container().ID != id {
			t.Error("the container was touched")
		}
		i.put(".env", env)
		i.install(0)
		i.mustHaveData()
	}
}

// Another directory of the same name has keys of its own; the data is not its.
func TestSecondDirectoryOfTheSameName(t *testing.T) {
	t.Parallel()
	i := filled(t)
	dockerCompose(t, i.dir, "down")
	other := newInstance(t)
	other.dir = filepath.Join(filepath.Dir(other.dir), i.project)
	if err := os.MkdirAll(other.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	other.put(".env", strings.Replace(i.read(".env"), "API_KEY_PEPPER = '", "API_KEY_PEPPER = 'aa", 1))
	if out := other.install(3); !strings.Contains(out.stderr, i.dir) {
		t.Errorf("the directory that the data belongs to is not named:\n%s", out.stderr)
	}
	i.install(0)
	i.mustHaveData()
}

// A volume of another name does not change what Compose calls the service's
// hash; the container must follow all the same.
func TestVolumeMadeExternal(t *testing.T) {
	t.Parallel()
	i := filled(t)
	text := strings.Replace(i.read("docker-compose.yaml"), "volumes:\n  openalgo_db:\n",
		"volumes:\n  openalgo_db:\n    name: "+i.project+"_openalgo_log\n    external: true\n", 1)
	if !strings.Contains(text, "external") {
		t.Fatalf("no volumes to edit in:\n%s", text)
	}
	i.put("docker-compose.yaml", text)
	out := i.run("--answers", i.answers, "--dry-run")
	if !strings.Contains(out.stdout, "/app/db") || !strings.Contains(out.stdout, "recreate") {
		t.Errorf("the plan does not see the other volume:\n%s", out.all())
	}
}

// A stack that was stopped is stopped again when its start fails.
func TestStoppedStackThatDoesNotStart(t *testing.T) {
	t.Parallel()
	i := filled(t)
	if out := i.run("stop"); out.code != 0 {
		t.Fatal(out.all())
	}
	// As the app would find it: the edit is the user's, and the container's own .env.
	i.put(".env", i.read(".env")+"OPENALGO_REHEARSAL_FAIL = 'http500'\n")
	i.install(4)
	if c := i.container(); c.State != "exited" {
		t.Errorf("the container is %s, and it was stopped before", c.State)
	}
}

func TestLinkedEnvIsLeftAlone(t *testing.T) {
	t.Parallel()
	i := filled(t)
	i.write("env: {LOG_LEVEL: DEBUG}")
	real := filepath.Join(t.TempDir(), "env")
	if err := os.Rename(i.path(".env"), real); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, i.path(".env")); err != nil {
		t.Fatal(err)
	}
	if out := i.install(3); !strings.Contains(out.stderr, "link") || !strings.Contains(out.stderr, real) {
		t.Errorf("the link is not named:\n%s", out.stderr)
	}
	if target, err := os.Readlink(i.path(".env")); err != nil || target != real {
		t.Error("the link is gone")
	}
}

// A docker-compose.yaml that somebody else wrote is kept, so answers that it
// does not carry out must not be ignored in silence.
func TestComposeFileOfUnknownOrigin(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	file := i.read("docker-compose.yaml")
	dockerCompose(t, i.dir, "down", "-v")
	if err := os.RemoveAll(i.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(i.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	i.put("docker-compose.yaml", file+"# mine\n")
	i.web = freePort(t)
	i.write("")
	if out := i.install(3); !strings.Contains(out.stderr, "differs from your answers") {
		t.Errorf("the difference is not named:\n%s", out.stderr)
	}
}

func TestTwoSalts(t *testing.T) {
	t.Parallel()
	i := filled(t)
	i.write("env: {LOG_LEVEL: DEBUG}")
	env := i.read(".env")
	i.put(".env", env+"FERNET_SALT = '"+strings.Repeat("0a", 16)+"'\n")
	if out := i.install(3); !strings.Contains(out.stderr, "FERNET_SALT") {
		t.Errorf("the key is not named:\n%s", out.stderr)
	}
	i.put(".env", env)
	i.install(0)
	i.mustHaveData()
}

// What a killed rehearsal leaves, the next one removes.
func TestRehearsalKilled(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.program = failing
	cmd := i.command("--answers", i.answers, "--rehearse")
	cmd.Env = append(cmd.Env, "OPENALGO_FAILPOINT=after-start:KILL")
	_ = cmd.Run()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		t.Fatalf("the rehearsal was not killed: %v", cmd.ProcessState)
	}
	left, _ := filepath.Glob(i.dir + "-rehearsal-*")
	if len(left) != 1 {
		t.Fatalf("%d directories are left, want 1", len(left))
	}
	t.Cleanup(func() { removeProject(t, filepath.Base(left[0])) })
	if out := i.run("--answers", i.answers, "--rehearse"); out.code != 0 {
		t.Fatal(out.all())
	}
	if left, _ := filepath.Glob(i.dir + "-rehearsal-*"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// A second container on the same database destroys it.
func TestSecondContainerOfTheProject(t *testing.T) {
	t.Parallel()
	i := filled(t)
	i.write("env: {LOG_LEVEL: DEBUG}")
	first := i.container()
	spec := i.twin(first)
	id, err := docker.Create(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := docker.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if out := i.install(3); !strings.Contains(out.stderr, spec.Name) {
		t.Errorf("the second container is not named:\n%s", out.stderr)
	}
	if err := docker.Kill(t.Context(), id, "KILL"); err != nil {
		t.Fatal(err)
	}
	if err := docker.Remove(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	i.install(0)
	i.mustHaveData()
}

// twin is a second container of the stack, without its ports.
func (i *instance) twin(c engine.Container) engine.ContainerSpec {
	return engine.ContainerSpec{Name: c.Name + "-twin",
		Config: engine.Config{Image: c.ImageID, Labels: c.Labels, Env: c.Env},
		Mounts: []engine.Mount{
			{Type: "bind", Source: i.path(".env"), Target: "/app/.env"},
			{Type: "volume", Source: i.project + "_openalgo_db", Target: "/app/db"},
		}}
}
