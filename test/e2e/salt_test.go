package e2e_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/templates"
)

// Samples of the test app: of a release that knows no FERNET_SALT, and of its
// successor, with the comments between the two keys that OpenAlgo's own has.
var (
	sampleWithoutSalt = regexp.MustCompile(`(?m)^FERNET_SALT.*\n`).ReplaceAll(
		bytes.Replace(templates.Env(), []byte("ENV_CONFIG_VERSION = '1.0.7'"), []byte("ENV_CONFIG_VERSION = '1.0.6'"), 1), nil)
	sampleWithSalt = bytes.Replace(templates.Env(), []byte("\nFERNET_SALT"), []byte("\n\n# A salt of its own for every install.\n# It is made on the first run.\n# Never use it twice.\nFERNET_SALT"), 1)
)

// beforeSalt is an instance of a release that knows no FERNET_SALT, with an
// account and so a stored secret, and the successor under the tag 2.
func beforeSalt(t *testing.T) (i *instance, repository string) {
	t.Helper()
	repository = sharedRegistry(t) + "/openalgo"
	config := dockerConfig(t, map[string]any{})
	releaseOf(t, repository+":1", config, sampleWithoutSalt)
	releaseOf(t, repository+":2", config, sampleWithSalt)
	i = newInstanceFrom(t, repository+":1")
	removeTags(t, repository)
	i.install(0)
	i.addUser()
	return i, repository
}

// plantSalt makes the instance one that an earlier version of this program
// installed: with a salt that its release does not know, noted as a key of the
// data.
func (i *instance) plantSalt() string {
	i.t.Helper()
	salt := strings.Repeat("5e", 16)
	env := i.read(".env")
	i.put(".env", regexp.MustCompile(`(?m)^(API_KEY_PEPPER.*\n)`).ReplaceAllString(env, "${1}FERNET_SALT = '"+salt+"'\n"))
	i.forget("fernet_salt")
	return salt
}

// forget takes a field out of state.json.
func (i *instance) forget(field string) {
	i.t.Helper()
	path := i.path(".openalgo-install/state.json")
	text, err := os.ReadFile(path)
	if err != nil {
		i.t.Fatal(err)
	}
	var state map[string]json.RawMessage
	if err := json.Unmarshal(text, &state); err != nil {
		i.t.Fatal(err)
	}
	delete(state, field)
	if text, err = json.Marshal(state); err != nil {
		i.t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		i.t.Fatal(err)
	}
}

func (i *instance) saltLine() string {
	i.t.Helper()
	lines := regexp.MustCompile(`(?m)^FERNET_SALT.*$`).FindAllString(i.read(".env"), -1)
	if len(lines) > 1 {
		i.t.Errorf("%d salts in .env", len(lines))
	}
	return strings.Join(lines, "")
}

func (i *instance) mustOpen(open, shut int) {
	i.t.Helper()
	if r := i.report(); r.SecretsOpen != open || r.SecretsShut != shut || r.Users != 1 {
		i.t.Errorf("%d secrets open, %d do not; want %d and %d", r.SecretsOpen, r.SecretsShut, open, shut)
	}
}

// A release that knows no FERNET_SALT gets none, and the way to its successor,
// back, and forward again leaves every secret readable.
func TestSaltOverAnUpgrade(t *testing.T) {
	t.Parallel()
	i, _ := beforeSalt(t)
	if line := i.saltLine(); line != "" {
		t.Fatalf("a salt for a release that knows none: %d characters", len(line))
	}
	i.mustOpen(1, 0)
	if out := i.run("doctor"); strings.Contains(out.stdout, "FERNET_SALT") {
		t.Error(out.stdout)
	}
	if out := i.run("set", "LOG_LEVEL=DEBUG", "--now"); out.code != 0 || i.saltLine() != "" {
		t.Fatal(out.all())
	}
	if out := i.run("upgrade", "--to", "2", "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustOpen(1, 0)
	made := i.saltLine()
	if !strings.Contains(i.read(".env"), "'\n"+made) || made == "" {
		t.Errorf("the salt is not where it belongs")
	}
	if out := i.run("rollback", "--now", "--yes"); out.code != 0 || i.saltLine() != "" {
		t.Fatal(out.all())
	}
	i.mustOpen(1, 0)
	if out := i.run("rollback", "--now", "--yes"); out.code != 0 || i.saltLine() != made {
		t.Fatal(out.all())
	}
	i.mustOpen(1, 0)
	// From then on it is a key of the data like the pepper.
	env := i.read(".env")
	i.put(".env", strings.Replace(env, made, "FERNET_SALT = '"+strings.Repeat("ab", 16)+"'", 1))
	if out := i.run("set", "LOG_LEVEL=INFO", "--now"); out.code != 3 {
		t.Error(out.all())
	}
}

// A salt that an earlier version of this program wrote for such a release is
// named, and not carried over.
func TestPlantedSalt(t *testing.T) {
	t.Parallel()
	i, repository := beforeSalt(t)
	salt := i.plantSalt()
	i.mustOpen(1, 0)
	if out := i.run("doctor", "--json"); !strings.Contains(out.stdout, `"salt"`) || strings.Contains(out.all(), salt) {
		t.Error(out.all())
	}
	saved := i.backedUp("--to", t.TempDir())
	// The way of before: the line is in .env when the successor starts.
	env := i.read(".env")
	if out := i.run("upgrade", "--to", "2", "--now"); out.code != 0 || strings.Contains(out.all(), salt) {
		t.Fatal(out.all())
	}
	i.mustOpen(1, 0)
	if line := i.saltLine(); line == "" || strings.Contains(line, salt) {
		t.Error("the salt was carried over, or none was made")
	}
	if out := i.run("rollback", "--now", "--yes"); out.code != 0 || i.read(".env") != env {
		t.Fatal(out.all())
	}
	i.mustOpen(1, 0)
	if out := i.run("restore", saved, "--image", repository+":2", "--now", "--yes"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustOpen(1, 0)
}

// What does not open under the new release rolls the upgrade back; what never
// opened does not.
func TestUpgradeThatLosesSecrets(t *testing.T) {
	t.Parallel()
	i, _ := beforeSalt(t)
	i.plantSalt()
	// As if data depended on the salt: it is carried over, and opens nothing.
	path := i.path(".openalgo-install/state.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte("{"), []byte(`{"fernet_salt":"used",`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	before, env := i.container().ID, i.read(".env")
	out := i.run("upgrade", "--to", "2", "--now")
	if out.code != 4 {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	out.mustTell(t, "the new release cannot decrypt")
	if i.container().ID != before || i.read(".env") != env {
		t.Error("the former release is not back")
	}
	i.mustOpen(1, 0)
}

// A failed upgrade over that border takes the salt that was made away again,
// with the data that is encrypted under it.
func TestUpgradeOverTheSaltThatFails(t *testing.T) {
	t.Parallel()
	i, repository := beforeSalt(t)
	releaseOf(t, repository+":3", dockerConfig(t, map[string]any{}), append(bytes.Clone(sampleWithSalt), "\nOPENALGO_REHEARSAL_FAIL = 'half'\n"...), "9.0")
	env := i.read(".env")
	if out := i.run("upgrade", "--to", "3", "--now"); out.code != 4 {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	if i.read(".env") != env {
		t.Error(".env is not as it was")
	}
	i.mustOpen(1, 0)
	if _, err := os.Stat(filepath.Join(i.dir, ".openalgo-install/journal.json")); err == nil {
		t.Error("the run is not finished")
	}
}

// A newer release that was brought without this program makes a salt by itself:
// from then on it is a key of the data, whatever the last run noted.
func TestSaltThatWasMadeWithoutThisProgram(t *testing.T) {
	t.Parallel()
	i, repository := beforeSalt(t)
	releaseOf(t, repository+":1", dockerConfig(t, map[string]any{}), sampleWithSalt)
	i.edit(".env", "ENV_CONFIG_VERSION = '1.0.6'", "ENV_CONFIG_VERSION = '1.0.7'")
	dockerCompose(t, i.dir, "up", "-d")
	if out := i.run("start"); out.code != 0 {
		t.Fatal(out.all())
	}
	i.mustOpen(1, 0)
	made := i.saltLine()
	if made == "" {
		t.Fatal("the release made no salt")
	}
	if out := i.run("set", "LOG_LEVEL=DEBUG", "--now"); out.code != 0 || i.saltLine() != made {
		t.Fatal(out.all())
	}
	i.mustOpen(1, 0)
	i.edit(".env", made, "FERNET_SALT = '"+strings.Repeat("ab", 16)+"'")
	if out := i.run("set", "LOG_LEVEL=INFO", "--now"); out.code != 3 {
		t.Error(out.all())
	}
}
