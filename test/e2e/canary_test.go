package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// secrets are the values that must stand in .env and nowhere else.
func (i *instance) secrets() []string {
	i.t.Helper()
	out := []string{canaryKey, canarySecret, "canary-smtp-3e8b"}
	for line := range strings.Lines(i.keys()) {
		_, value, _ := strings.Cut(line, "'")
		out = append(out, strings.TrimRight(strings.TrimSpace(value), "'"))
	}
	return out
}

// Every word that a run prints, and every file that it leaves beside .env and
// its copies, is searched for every secret.
func TestNoSecretAnywhere(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.program = failing
	var said strings.Builder
	run := func(args ...string) {
		out := i.run(append([]string{"-v"}, args...)...)
		said.WriteString(out.all())
	}
	smtp := "env: {SMTP_PASSWORD: canary-smtp-3e8b"
	i.write(smtp + "}")
	run("--answers", i.answers, "--dry-run")
	run("--answers", i.answers)
	run("--answers", i.answers, "--dry-run", "--json")
	i.write(smtp + ", LOG_LEVEL: DEBUG}")
	i.kill("env-placed")
	journal := i.read(".openalgo-install/journal.json")
	run("--answers", i.answers, "--json")
	i.write(smtp + ", OPENALGO_REHEARSAL_FAIL: exit}")
	run("--answers", i.answers)
	run("status")
	run("status", "--json")
	run("logs")
	run("restart")
	container := i.container()
	said.WriteString(journal + strings.Join(container.Env, "\n"))
	for key, value := range container.Labels {
		said.WriteString(key + value)
	}
	secrets := i.secrets()
	err := filepath.Walk(i.dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || path == i.path(".env") {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 && strings.Contains(path, ".openalgo-install/") && !strings.Contains(path, "docker-compose.yaml.") {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		if strings.Contains(path, "/backups/env.") {
			return nil
		}
		data, err := os.ReadFile(path)
		for _, value := range secrets {
			if strings.Contains(string(data), value) {
				t.Errorf("%s holds a secret", path)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, value := range secrets {
		if strings.Contains(said.String(), value) {
			t.Errorf("a secret was said: %.8s...", value)
		}
	}
	run("uninstall", "--dry-run")
}

// The mode of .env and of our own directory do not depend on the umask.
func TestUmask(t *testing.T) {
	t.Parallel()
	for _, umask := range []string{"000", "077"} {
		t.Run(umask, func(t *testing.T) {
			i := newInstance(t)
			i.program = filepath.Join(t.TempDir(), "with-umask")
			script := "#!/bin/sh\numask " + umask + "\nexec " + program + " \"$@\"\n"
			if err := os.WriteFile(i.program, []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			i.install(0)
			for name, want := range map[string]os.FileMode{".env": 0o600, ".openalgo-install": 0o700, "docker-compose.yaml": 0o644} {
				if info, err := os.Stat(i.path(name)); err != nil || info.Mode().Perm() != want {
					t.Errorf("%s: %v %v, want %v", name, info.Mode().Perm(), err, want)
				}
			}
		})
	}
}
