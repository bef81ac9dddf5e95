package e2e_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/host"
)

// found is what the doctor says of one check: its worst level.
func (i *instance) found(code int) map[string]string {
	i.t.Helper()
	out := i.run("doctor", "--json")
	if out.code != code {
		i.t.Fatalf("doctor exits %d, want %d\n%s", out.code, code, out.all())
	}
	var report struct {
		Findings []struct{ Check, Level, Evidence, Mend string } `json:"findings"`
	}
	if err := json.Unmarshal([]byte(out.stdout), &report); err != nil {
		i.t.Fatal(err)
	}
	levels := map[string]string{}
	for _, f := range report.Findings {
		if levels[f.Check] == "" || levels[f.Check] == "ok" || f.Level == "failure" {
			levels[f.Check] = f.Level
		}
	}
	return levels
}

// A sound stack, then one fault after the other.
func TestDoctor(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.alone()
	if got := i.found(1); got["instance"] != "failure" {
		t.Errorf("without an OpenAlgo: %v", got)
	}
	i.install(0)
	healthy := i.found(0)
	for _, check := range []string{"engine", "instance", "container", "ready", "env", "ports", "sizing"} {
		if healthy[check] != "ok" {
			t.Errorf("%s: %s", check, healthy[check])
		}
	}

	other := "2GB"
	if facts, err := host.Measure(t.Context()); err != nil || facts.RAMMiB < 3000 {
		other = "16GB"
	}
	if out := i.run("resize", "--ram", other, "--cores", "1", "--now", "--yes"); out.code != 0 {
		t.Fatal(out.all())
	}
	if got := i.found(0); got["sizing"] != "warning" {
		t.Errorf("a resize is due: %v", got)
	}
	if err := os.Chmod(filepath.Join(i.dir, ".env"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := i.found(0); got["secrets"] != "warning" {
		t.Errorf(".env can be read by all: %v", got)
	}
	if out := i.run("stop"); out.code != 0 {
		t.Fatal(out.all())
	}
	if got := i.found(1); got["container"] != "failure" {
		t.Errorf("stopped: %v", got)
	}
	if out := i.run("doctor"); !strings.HasPrefix(out.stdout, "FAIL  container") || !strings.Contains(out.stdout, " start\n") {
		t.Errorf("for a person:\n%s", out.all())
	}
}

// The archive for support has everything but the secrets.
func TestDoctorBundle(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.write("env: {SMTP_PASSWORD: canary-smtp-77aa1b}")
	i.install(0)
	env, err := os.ReadFile(filepath.Join(i.dir, ".env"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "support.tar.gz")
	if out := i.run("doctor", "--bundle", path); out.code != 0 {
		t.Fatal(out.all())
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	text, err := exec.Command("tar", "-xzOf", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	names, _ := exec.Command("tar", "-tzf", path).Output()
	for _, name := range []string{"doctor.json", "status.json", "container.log", "/env", "docker-compose.yaml", "openalgo-install.yaml", "/openalgo-install/log"} {
		if !strings.Contains(string(names), name) {
			t.Errorf("%s is not in the archive:\n%s", name, names)
		}
	}
	secrets := []string{canaryKey, canarySecret, "canary-smtp-77aa1b"}
	for line := range strings.Lines(string(env)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && (strings.HasPrefix(key, "APP_KEY") || strings.HasPrefix(key, "API_KEY_PEPPER") || strings.HasPrefix(key, "FERNET_SALT")) {
			secrets = append(secrets, strings.Trim(strings.TrimSpace(value), "'\""))
		}
	}
	if len(secrets) < 6 {
		t.Fatalf("only %d secrets are known", len(secrets))
	}
	for _, s := range secrets {
		if strings.Contains(string(text), s) {
			t.Errorf("a secret is in the archive")
		}
	}
	if out := i.run("doctor", "--bundle", path); out.code != 1 || !strings.Contains(out.stderr, "exists already") {
		t.Errorf("a second time: exit %d\n%s", out.code, out.all())
	}
}

// What a killed run has left is found, and nothing is touched.
func TestDoctorFindsAKilledRun(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.program = failing
	i.env = append(i.env, "OPENALGO_FAILPOINT=before-start:KILL")
	_ = i.run("--answers", i.answers)
	i.env = nil
	if got := i.found(1); got["unfinished"] != "failure" {
		t.Errorf("%v", got)
	}
	i.install(0)
	if got := i.found(0); got["unfinished"] != "" {
		t.Errorf("%v", got)
	}
}

// TestDoctorFindsPlantedFaults plants one after the other in a real instance,
// and takes each away again.
func TestDoctorFindsPlantedFaults(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	i.addUser()
	sound := i.read(".env")
	env := func(from, to string) func() {
		return func() {
			changed := regexp.MustCompile("(?m)^"+from).ReplaceAllString(i.read(".env"), to)
			if changed == i.read(".env") {
				t.Fatalf("nothing matches %s", from)
			}
			i.put(".env", changed)
		}
	}
	file := func(name, text string) func() { return func() { i.put(name, text) } }
	command := func(name string, args ...string) func() {
		return func() {
			if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
	}
	name := i.project + "-web"
	composeText, answersText := i.read("docker-compose.yaml"), i.read("openalgo-install.yaml")
	for fault, c := range map[string]struct {
		plant func()
		check string
		heal  func()
	}{
		".env for all":        {command("chmod", "644", i.path(".env")), "secrets", command("chmod", "600", i.path(".env"))},
		".env of root":        {command("chown", "0:0", i.path(".env")), "secrets", command("chown", "1000:1000", i.path(".env"))},
		".env gone":           {command("rm", i.path(".env")), "keys", nil},
		"pepper gone":         {env("API_KEY_PEPPER.*\n", ""), "keys", nil},
		"pepper short":        {env("API_KEY_PEPPER.*", "API_KEY_PEPPER = 'short'"), "keys", nil},
		"APP_KEY placeholder": {env("APP_KEY.*", "APP_KEY = 'OPENALGO_PLACEHOLDER_APP_KEY_REGENERATE_BEFORE_USE'"), "env", nil},
		"salt no hex":         {env("FERNET_SALT.*", "FERNET_SALT = 'zz112233445566778899aabbccddeeff'"), "keys", nil},
		"salt elsewhere": {func() {
			salt := regexp.MustCompile("(?m)^FERNET_SALT.*\n").FindString(sound)
			i.put(".env", strings.Replace(sound, salt, "", 1)+salt)
		}, "env", nil},
		"broker unknown":     {env("REDIRECT_URL.*", "REDIRECT_URL = 'http://127.0.0.1:5000/robinhood/callback'"), "env", nil},
		"no broker key":      {env("BROKER_API_KEY .*\n|BROKER_API_KEY=.*\n", ""), "env", nil},
		"debug":              {env("FLASK_DEBUG.*", "FLASK_DEBUG = 'True'"), "env", nil},
		"line of no form":    {func() { i.put(".env", sound+"this is 'no line\n") }, "env", nil},
		"compose file gone":  {command("rm", i.path("docker-compose.yaml")), "compose", file("docker-compose.yaml", composeText)},
		"no restart policy":  {command("docker", "update", "--restart", "no", name), "restart", command("docker", "update", "--restart", "unless-stopped", name)},
		"missed schedule":    {file(".openalgo-install/at.json", `{"at":"2026-11-23T10:30:00Z","pid":1}`), "schedule", command("rm", i.path(".openalgo-install/at.json"))},
		"failed schedule":    {file(".openalgo-install/at.json", `{"at":"2026-11-23T10:30:00Z","done":true,"exit":4,"message":"no"}`), "schedule", command("rm", i.path(".openalgo-install/at.json"))},
		"failed backup":      {file(".openalgo-install/backup.json", `{"at":"2026-11-23T10:30:00Z","ok":false,"message":"no room"}`), "backup", command("rm", i.path(".openalgo-install/backup.json"))},
		"old backup":         {file(".openalgo-install/backup.json", `{"at":"2026-01-23T10:30:00Z","ok":true,"file":"/tmp"}`), "backup", command("rm", i.path(".openalgo-install/backup.json"))},
		"backup gone":        {file(".openalgo-install/backup.json", `{"at":"`+time.Now().Format(time.RFC3339)+`","ok":true,"file":"/none"}`), "backup", command("rm", i.path(".openalgo-install/backup.json"))},
		"killed run":         {file(".openalgo-install/journal.json", `{"command":"set"}`), "unfinished", command("rm", i.path(".openalgo-install/journal.json"))},
		"damaged journal":    {file(".openalgo-install/journal.json", `{"comm`), "unfinished", command("rm", i.path(".openalgo-install/journal.json"))},
		"rival Compose file": {file("compose.yaml", composeText), "changes", command("rm", i.path("compose.yaml"))},
		".env is a link": {func() {
			command("mv", i.path(".env"), i.path("env"))()
			command("ln", "-s", "env", i.path(".env"))()
		}, "changes", command("mv", i.path("env"), i.path(".env"))},
		"answers gone": {command("rm", i.path("openalgo-install.yaml")), "changes", file("openalgo-install.yaml", answersText)},
		"stopped":      {command("docker", "stop", name), "container", command("docker", "start", name)},
		"killed":       {command("docker", "kill", name), "container", command("docker", "start", name)},
		"paused":       {command("docker", "pause", name), "container", command("docker", "unpause", name)},
	} {
		c.plant()
		out := i.run("doctor", "--json")
		var report struct {
			Findings []struct{ Check, Level, Evidence, Mend string } `json:"findings"`
		}
		if err := json.Unmarshal([]byte(out.stdout), &report); err != nil {
			t.Fatalf("%s: %v\n%s", fault, err, out.all())
		}
		found := false
		for _, f := range report.Findings {
			found = found || f.Check == c.check && f.Level != "ok"
		}
		if !found {
			t.Errorf("%s is not found:\n%s", fault, i.run("doctor").stdout)
		}
		if c.heal != nil {
			c.heal()
		}
		if c.check == "container" { // it reads .env, which the next fault may be in
			i.until("it answers again", func() bool { return strings.Contains(i.run("status").stdout, "  ready") })
		}
		if text, err := os.ReadFile(i.path(".env")); err != nil || string(text) != sound { // OpenAlgo may be reading it
			i.put(".env", sound)
		}
		if err := errors.Join(os.Chown(i.path(".env"), 1000, 1000), os.Chmod(i.path(".env"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	i.until("it answers again", func() bool { return strings.Contains(i.run("status").stdout, "  ready") })
	for check, level := range i.found(0) {
		// Others run beside this one, and restarts are counted.
		if level != "ok" && !slices.Contains([]string{"sizing", "health", "restarts", "clock", "memory", "disk", "engine", "volumes", "boot", "ssh", "updates", "world", "reboot"}, check) {
			t.Errorf("%s is still %s", check, level)
		}
	}
}

// TestDoctorFixes fixes what it may, and only when that is wanted.
func TestDoctorFixes(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	i.addUser()
	name := i.project + "-web"
	break1 := func() {
		_ = os.Chmod(i.path(".env"), 0o644)
		_ = os.Chown(i.path(".env"), 0, 0) // as an edit with sudo may leave it
		for _, args := range [][]string{{"update", "--restart", "no", name}, {"kill", name}} {
			if out, err := exec.Command("docker", args...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
	}
	break1()
	if out := i.run("doctor", "--fix"); out.code != 2 || i.container().State == "running" {
		t.Errorf("without a yes: exit %d\n%s", out.code, out.all())
	}
	out := i.run("doctor", "--fix", "--yes")
	if out.code != 0 {
		t.Fatal(out.all())
	}
	out.mustTell(t, "To be fixed", "start OpenAlgo")
	info, err := os.Stat(i.path(".env"))
	if err != nil || info.Mode().Perm() != 0o600 || i.container().Restart != "unless-stopped" || i.report().Users != 1 {
		t.Errorf("not fixed: %v, %s", info.Mode(), i.container().Restart)
	}
	i.mustBeReady()
	if out := i.run("doctor", "--fix", "--yes"); out.code != 0 || strings.Contains(out.all(), "To be fixed") {
		t.Error(out.all())
	}
	if out := i.run("restart"); out.code != 0 {
		t.Error(out.all())
	}
}
