package e2e_test

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// refuses wants exit 3 and these words of a command that must touch nothing.
func (i *instance) refuses(args []string, words ...string) {
	i.t.Helper()
	out := i.run(args...)
	if out.code != 3 {
		i.t.Errorf("%v: exit %d, want 3\n%s", args, out.code, out.all())
	}
	for _, word := range words {
		if !strings.Contains(out.all(), word) {
			i.t.Errorf("%v does not say %q:\n%s", args, word, out.all())
		}
	}
}

// finding is what doctor says under a name; "" when it says nothing.
func (i *instance) finding(check string) (level, evidence string) {
	i.t.Helper()
	var report struct {
		Findings []struct{ Check, Level, Evidence string }
	}
	out := i.run("doctor", "--json")
	if err := json.Unmarshal([]byte(out.stdout), &report); err != nil {
		i.t.Fatalf("doctor --json: %v\n%s", err, out.all())
	}
	for _, f := range report.Findings {
		if f.Check == check {
			return f.Level, f.Evidence
		}
	}
	return "", ""
}

// Keys that do not open the data stop nothing that runs, and are in no backup.
func TestKeysThatDoNotFit(t *testing.T) {
	t.Parallel()
	i := filled(t)
	if out := i.run("backup", "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	archives, _ := filepath.Glob(i.dir + "-backups/*")
	env, before := i.read(".env"), i.container()
	pepper, salt := i.value("API_KEY_PEPPER"), i.value("FERNET_SALT")
	other := strings.Repeat("ab", len(pepper)/2)
	for name, c := range map[string]struct{ text, word string }{
		"another pepper": {strings.Replace(env, pepper, other, 1), "API_KEY_PEPPER"},
		"another salt":   {strings.Replace(env, salt, strings.Repeat("cd", 16), 1), "FERNET_SALT"},
		"two peppers":    {env + "API_KEY_PEPPER = '" + other + "'\n", "API_KEY_PEPPER"},
		"an empty file":  {"", "empty"},
		"no pepper":      {strings.Replace(env, "\nAPI_KEY_PEPPER", "\n# API_KEY_PEPPER", 1), "API_KEY_PEPPER"},
	} {
		i.put(".env", c.text)
		commands := [][]string{{"restart", "--now"}, {"backup", "--now", "--keep", "1"}}
		if name == "another pepper" {
			commands = append(commands, []string{"stop", "--now"}, []string{"start"}, []string{"set", "--now", "LOG_LEVEL=DEBUG"}, []string{"--answers", i.answers})
		}
		for _, args := range commands {
			i.refuses(args, c.word, archives[0])
		}
		if level, text := i.finding("keys"); level != "failure" || !strings.Contains(text, c.word) {
			t.Errorf("%s: doctor says %s %q", name, level, text)
		}
		if _, text := i.finding("env"); text != "" {
			t.Errorf("%s: doctor says of .env: %s", name, text)
		}
	}
	if now := i.container(); now.ID != before.ID || !now.StartedAt.Equal(before.StartedAt) {
		t.Error("the container was touched")
	}
	if left, _ := filepath.Glob(i.dir + "-backups/*"); len(left) != 1 || left[0] != archives[0] {
		t.Errorf("the backups are %v", left)
	}
	i.put(".env", env)
	if level, _ := i.finding("keys"); level != "" {
		t.Error("doctor complains of the right keys")
	}
	if out := i.run("stop", "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.put(".env", strings.Replace(env, pepper, other, 1))
	i.refuses([]string{"start"}, "API_KEY_PEPPER", "(line ")
	i.refuses([]string{"backup", "--keep", "1"}, "API_KEY_PEPPER", "(line ")
	i.put(".env", env)
	if out := i.run("start"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustHaveData()

	i.put(".env", strings.Replace(env, pepper, other, 1))
	out := i.run("uninstall", "--purge="+i.project, "--yes", "--now")
	if out.code != 0 || !strings.Contains(out.all(), "API_KEY_PEPPER") {
		t.Errorf("purge does not say that the keys are others: exit %d\n%s", out.code, out.all())
	}
}

// A second directory of the same name is another OpenAlgo: nothing there
// touches the first one's container or data.
func TestContainerOfAnotherDirectory(t *testing.T) {
	t.Parallel()
	i := filled(t)
	before := i.container()
	other := *i
	other.dir = filepath.Join(t.TempDir(), i.project)
	if err := os.CopyFS(other.dir, os.DirFS(i.dir)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"backup", "--now"}, {"stop", "--now"}, {"restart", "--now"}, {"start"}, {"logs"}, {"shell", "--", "ls"}, {"set", "--now", "LOG_LEVEL=DEBUG"}, {"resize"}, {"uninstall", "--yes"}} {
		other.refuses(args, i.dir)
	}
	if out := other.run("status", "--json"); strings.Contains(out.stdout, `"container": "`+i.project) {
		t.Errorf("status shows the other's container:\n%s", out.stdout)
	}
	if level, text := other.finding("owner"); level != "failure" || !strings.Contains(text, i.dir) {
		t.Errorf("doctor says %s %q", level, text)
	}
	if left, _ := filepath.Glob(other.dir + "-backups/*"); len(left) != 0 {
		t.Errorf("made: %v", left)
	}
	if now := i.container(); now.ID != before.ID || !now.StartedAt.Equal(before.StartedAt) {
		t.Error("the container was touched")
	}
	i.mustHaveData()
}

// Where the directory was moved, what runs is found and left alone until the
// user lets it be recreated.
func TestDirectoryMovedUnderTheContainer(t *testing.T) {
	t.Parallel()
	i := filled(t)
	before, former := i.container(), i.dir
	i.dir = filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(former, i.dir); err != nil {
		t.Fatal(err)
	}
	i.mustBeReady()
	for _, args := range [][]string{{"backup", "--now"}, {"stop", "--now"}, {"restart", "--now"}, {"set", "--now", "LOG_LEVEL=DEBUG"}, {"resize"}} {
		i.refuses(args, former, "openalgo-install --dir "+i.dir+" start")
	}
	if out := i.run("start", "--now"); out.code != 2 || !strings.Contains(out.all(), former) {
		t.Errorf("start without a yes: exit %d\n%s", out.code, out.all())
	}
	if level, text := i.finding("moved"); level != "failure" || !strings.Contains(text, former) {
		t.Errorf("doctor says %s %q", level, text)
	}
	if level, text := i.finding("volumes"); level != "" && strings.Contains(text, i.project) {
		t.Errorf("doctor says of the volumes: %s", text)
	}
	if now := i.container(); now.ID != before.ID || !now.StartedAt.Equal(before.StartedAt) {
		t.Error("the container was touched")
	}
	if out := i.run("start", "--now", "--yes"); out.code != 0 {
		t.Fatal(out.all())
	}
	if i.container().ID == before.ID {
		t.Error("the container was not recreated")
	}
	i.mustHaveData()
	if level, text := i.finding("volumes"); level != "" && strings.Contains(text, i.project) {
		t.Errorf("doctor says of the volumes: %s", text)
	}
	if out := i.run("restart", "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
}

// Plain HTTP that the network reaches is asked for by name.
func TestOpenToTheNetwork(t *testing.T) {
	t.Parallel()
	for _, bind := range []string{"0.0.0.0", "'::'"} {
		i := newInstance(t)
		text, err := os.ReadFile(i.answers)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(i.answers, []byte(strings.Replace(string(text), "ports: {", "ports: {bind: "+bind+", ", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		out := i.run("--answers", i.answers, "--dry-run", "--json")
		var plan struct{ Asks []struct{ Kind string } }
		if err := json.Unmarshal([]byte(out.stdout), &plan); err != nil || len(plan.Asks) != 1 || plan.Asks[0].Kind != "exposed" {
			t.Errorf("the plan does not ask: %v\n%s", err, out.all())
		}
		if out := i.install(2); !strings.Contains(out.all(), "ports.bind") || !strings.Contains(out.all(), "--yes") {
			t.Errorf("not asked by name:\n%s", out.all())
		}
		if len(i.containers()) > 0 {
			t.Error("something was made")
		}
	}
}

// An instance of another Docker, as one without root beside one with it, is
// not looked for on this one; a Docker that is gone keeps nobody out.
func TestAnotherDocker(t *testing.T) {
	t.Parallel()
	i := filled(t)
	var state map[string]any
	belongsTo := func(endpoint string) {
		t.Helper()
		state["engine"] = map[string]string{"id": "another", "endpoint": endpoint}
		text, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		i.put(".openalgo-install/state.json", string(text))
	}
	if err := json.Unmarshal([]byte(i.read(".openalgo-install/state.json")), &state); err != nil {
		t.Fatal(err)
	}
	if engine, _ := state["engine"].(map[string]any); engine["id"] == "" || engine["endpoint"] == "" {
		t.Errorf("the engine is not remembered: %v", state["engine"])
	}
	if out := i.run("uninstall", "--yes", "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	socket := filepath.Join(t.TempDir(), "docker.sock")
	other, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	belongsTo("unix://" + socket)
	go func() { // a Docker that is there, and cannot answer
		for {
			conn, err := other.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	for _, args := range [][]string{{"start"}, {"set", "--now", "LOG_LEVEL=DEBUG"}, {"--answers", i.answers}, {"logs"}, {"backup", "--now"}} {
		i.refuses(args, "unix://"+socket)
	}
	_ = other.Close()
	if out := i.run("start"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustHaveData()
	if strings.Contains(i.read(".openalgo-install/state.json"), socket) {
		t.Error("the engine that it runs on now is not remembered")
	}
}
