package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// filled is an installed instance with an account in its database.
func filled(t *testing.T) *instance {
	t.Helper()
	i := newInstance(t)
	i.install(0)
	i.addUser()
	return i
}

// mustHaveData wants the stack ready and its database opened by its keys: the
// stand-in app proves them against the volume at every start.
func (i *instance) mustHaveData() {
	i.t.Helper()
	i.mustBeReady()
	if n := i.report().Users; n != 1 {
		i.t.Errorf("%d users in the database, want 1", n)
	}
}

func TestEnvDeleted(t *testing.T) {
	t.Parallel()
	i := filled(t)
	env, id := i.read(".env"), i.container().ID
	if err := os.Remove(i.path(".env")); err != nil {
		t.Fatal(err)
	}
	out := i.install(3)
	for _, want := range []string{i.project + "_openalgo_db", i.project + "-web", "--dir " + i.dir + "-new"} {
		if !strings.Contains(out.stderr, want) {
			t.Errorf("the error does not name %s:\n%s", want, out.stderr)
		}
	}
	if _, err := os.Stat(i.path(".env")); !os.IsNotExist(err) {
		t.Error("fresh keys were written beside an old database")
	}
	if i.container().ID != id {
		t.Error("the running container was touched")
	}
	if err := os.WriteFile(i.path(".env"), []byte(env), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = os.Chown(i.path(".env"), 1000, 1000)
	i.install(0)
	i.mustHaveData()
}

func TestEnvDeletedWithABackup(t *testing.T) {
	t.Parallel()
	i := filled(t)
	i.write("env: {LOG_LEVEL: DEBUG}")
	i.install(0) // replaces .env, keeps a copy
	keys := i.keys()
	dockerCompose(t, i.dir, "down")
	if err := os.Remove(i.path(".env")); err != nil {
		t.Fatal(err)
	}
	out := i.install(3)
	_, rest, ok := strings.Cut(out.stderr, "cp -p ")
	if !ok {
		t.Fatalf("the error does not name our backup:\n%s", out.stderr)
	}
	data, err := os.ReadFile(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(i.path(".env"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	_ = os.Chown(i.path(".env"), 1000, 1000)
	i.install(0)
	i.mustHaveData()
	if i.keys() != keys {
		t.Error("the keys changed")
	}
}

func TestPepperLineDeleted(t *testing.T) {
	t.Parallel()
	i := filled(t)
	var kept []string
	for line := range strings.Lines(i.read(".env")) {
		if !strings.HasPrefix(line, "API_KEY_PEPPER") {
			kept = append(kept, line)
		}
	}
	if err := os.WriteFile(i.path(".env"), []byte(strings.Join(kept, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	out := i.install(3)
	if !strings.Contains(out.stderr, "API_KEY_PEPPER") {
		t.Errorf("the lost key is not named:\n%s", out.stderr)
	}
}

func TestDirectoryMoved(t *testing.T) {
	t.Parallel()
	i := filled(t)
	keys := i.keys()
	moved := filepath.Join(t.TempDir(), "elsewhere", i.project+"moved")
	if err := os.MkdirAll(filepath.Dir(moved), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(i.dir, moved); err != nil {
		t.Fatal(err)
	}
	i.dir = moved
	i.install(2) // asks
	i.install(0, "--yes")
	i.mustHaveData()
	if i.keys() != keys {
		t.Error("the keys changed")
	}
	if c := i.container(); c.Mounts == nil || c.Name != i.project+"-web" {
		t.Errorf("the container is %s", c.Name)
	}
}

// Moved with nothing but .env: neither compose file nor our own directory
// tells the project's name, and the data must not be passed by.
func TestDirectoryRenamedWithEnvAlone(t *testing.T) {
	t.Parallel()
	i := filled(t)
	env := i.read(".env")
	dockerCompose(t, i.dir, "down")
	if err := os.RemoveAll(i.dir); err != nil {
		t.Fatal(err)
	}
	i.dir += "other"
	if err := os.MkdirAll(i.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(i.path(".env"), []byte(env), 0o600); err != nil {
		t.Fatal(err)
	}
	out := i.install(3)
	if !strings.Contains(out.stderr, i.project+"_openalgo_db") || !strings.Contains(out.stderr, "name: ") {
		t.Errorf("volume and way out are not named:\n%s", out.stderr)
	}
	if err := os.WriteFile(i.path("docker-compose.yaml"), []byte("name: "+i.project+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestProjectNameChanged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*instance){
		"in the file": func(i *instance) {
			text := strings.Replace(i.read("docker-compose.yaml"), "name: "+i.project, "name: "+i.project+"x", 1)
			if err := os.WriteFile(i.path("docker-compose.yaml"), []byte(text), 0o644); err != nil {
				i.t.Fatal(err)
			}
		},
		"in .env": func(i *instance) {
			if err := os.WriteFile(i.path(".env"), []byte(i.read(".env")+"COMPOSE_PROJECT_NAME="+i.project+"x\n"), 0o600); err != nil {
				i.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := filled(t)
			change(i)
			out := i.install(3)
			if !strings.Contains(out.stderr, i.project+"_openalgo_db") || !strings.Contains(out.stderr, "name: "+i.project) {
				t.Errorf("volume and way out are not named:\n%s", out.stderr)
			}
			i.mustHaveData()
		})
	}
}

func TestComposeFileEdited(t *testing.T) {
	t.Parallel()
	i := filled(t)
	keys := i.keys()
	text := strings.Replace(i.read("docker-compose.yaml"), "    init: true\n", "    init: true\n    mem_limit: 300m\n    hostname: algo\n", 1)
	if err := os.WriteFile(i.path("docker-compose.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	i.install(0)
	i.mustHaveData()
	if i.read("docker-compose.yaml") != text || i.keys() != keys {
		t.Error("the edited file or the keys were changed")
	}
	if c := i.container(); c.MemoryBytes != 300<<20 || i.report().Hostname != "algo" {
		t.Errorf("memory limit %d, host name %s: the edit was not carried out", c.MemoryBytes, i.report().Hostname)
	}
	id := i.container().ID
	dockerCompose(t, i.dir, "up", "-d")
	if i.container().ID != id {
		t.Error("docker compose up -d recreated the container")
	}

	secrets := strings.Replace(text, "    init: true\n", "    init: true\n    gpus: all\n", 1)
	if err := os.WriteFile(i.path("docker-compose.yaml"), []byte(secrets), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := i.install(3); !strings.Contains(out.stderr, "gpus") {
		t.Errorf("what cannot be carried out is not named:\n%s", out.stderr)
	}
	if i.container().ID != id {
		t.Error("the container was touched")
	}
}

func TestComposeDown(t *testing.T) {
	t.Parallel()
	i := filled(t)
	keys := i.keys()
	dockerCompose(t, i.dir, "down")
	i.install(0)
	i.mustHaveData()
	if i.keys() != keys {
		t.Error("the keys changed")
	}
}

// `docker system prune` takes stopped containers and unused networks; done
// here on this project alone, since a test must not prune somebody else's.
func TestSystemPrune(t *testing.T) {
	t.Parallel()
	i := filled(t)
	if out := i.run("stop"); out.code != 0 {
		t.Fatalf("stop: %s", out.all())
	}
	if err := docker.Remove(t.Context(), i.container().ID); err != nil {
		t.Fatal(err)
	}
	if err := docker.RemoveNetwork(t.Context(), i.project+"_default"); err != nil {
		t.Fatal(err)
	}
	i.install(0)
	i.mustHaveData()
}

// What the user or the web UI wrote into .env survives a run; what the
// answers change is changed.
func TestEnvEditsSurvive(t *testing.T) {
	t.Parallel()
	i := filled(t)
	text := i.read(".env") + "# mine\nMY_OWN = 'x'\n"
	text = strings.Replace(text, canaryKey, "from-the-web-ui", 1)
	if err := os.WriteFile(i.path(".env"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	id := i.container().ID
	i.install(0)
	if i.read(".env") != text || i.container().ID != id {
		t.Error("a run with the same answers changed what the user wrote")
	}
	i.write("env: {LOG_LEVEL: DEBUG}")
	i.install(0)
	now := i.read(".env")
	if !strings.Contains(now, "from-the-web-ui") || !strings.Contains(now, "# mine\nMY_OWN = 'x'") || !strings.Contains(now, "DEBUG") {
		t.Error("the user's lines did not survive a change of the answers")
	}
	i.mustHaveData()
}

// `docker compose down -v` is the user's own word: the next run begins with
// empty volumes and the same keys, and says so.
func TestVolumesDeletedByHand(t *testing.T) {
	t.Parallel()
	i := filled(t)
	i.write("env: {LOG_LEVEL: DEBUG}")
	i.install(0) // sees the account
	keys := i.keys()
	dockerCompose(t, i.dir, "down", "-v")
	out := i.install(0)
	if !strings.Contains(out.stdout, i.project+"_openalgo_db is missing") {
		t.Errorf("the lost volume is not named:\n%s", out.stdout)
	}
	i.mustBeReady()
	if i.keys() != keys {
		t.Error("the keys changed")
	}
}

// A volume that is not the previous one would be an empty OpenAlgo in the place
// of a full one.
func TestEmptyDatabaseInTheFormerOnesPlace(t *testing.T) {
	t.Parallel()
	i := filled(t)
	i.write("env: {LOG_LEVEL: DEBUG}")
	i.install(0)
	text := strings.ReplaceAll(i.read("docker-compose.yaml"), "openalgo_db", "other_db")
	before := i.read("docker-compose.yaml")
	if err := os.WriteFile(i.path("docker-compose.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := i.install(4); !strings.Contains(out.stderr, "empty database") {
		t.Errorf("the reason is not said:\n%s", out.stderr)
	}
	i.mustHaveData()
	if err := os.WriteFile(i.path("docker-compose.yaml"), []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	i.install(0)
	i.mustHaveData()
}

// The same directory by another name is the same instance.
func TestLinkedDirectory(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Dir(i.dir), link); err != nil {
		t.Fatal(err)
	}
	real := i.dir
	i.dir = filepath.Join(link, i.project)
	i.install(0)
	id := i.container().ID
	i.install(0)
	i.dir = real
	i.install(0)
	if i.container().ID != id {
		t.Error("the container was recreated for another name of the directory")
	}
}
