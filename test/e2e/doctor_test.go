package e2e_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
	if out := i.run("doctor", "--bundle", path); out.code != 1 || !strings.Contains(out.stderr, "left as it is") {
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
