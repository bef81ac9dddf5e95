package e2e_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// failures are the ways in which a stack does not come up, and a word of the
// reason that the user must read.
var failures = map[string]string{
	"exit":            "exit",
	"silent":          "was not ready",
	"http500":         "500",
	"nows":            "WebSocket",
	"badjson":         "not as OpenAlgo does",
	"late-exit:0s":    "exit",
	"late-exit:150ms": "exit", // after its first right answer
}

func TestFirstInstallThatFails(t *testing.T) {
	t.Parallel()
	for how, reason := range failures {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			i := newInstance(t)
			i.write("env: {OPENALGO_REHEARSAL_FAIL: '" + how + "'}")
			out := i.install(4)
			if !strings.Contains(out.stderr, reason) {
				t.Errorf("the reason does not say %q:\n%s", reason, out.stderr)
			}
			if n := len(i.containers()); n != 0 {
				t.Errorf("%d containers are left, want none", n)
			}
			keys := i.keys()
			i.write("")
			// The key stays in .env as the user's own until it is set otherwise.
			i.write("env: {OPENALGO_REHEARSAL_FAIL: ''}")
			i.install(0)
			i.mustBeReady()
			if i.keys() != keys {
				t.Error("the next run did not go on with the same keys")
			}
		})
	}
}

func TestChangeThatFails(t *testing.T) {
	t.Parallel()
	fresh := func(t *testing.T) *instance {
		t.Helper()
		i := newInstance(t)
		i.install(0)
		i.addUser()
		return i
	}
	inTurns(t, slices.Sorted(maps.Keys(failures)), fresh, func(i *instance, how string) {
		id, env, file := i.container().ID, i.read(".env"), i.read("docker-compose.yaml")
		i.write("env: {OPENALGO_REHEARSAL_FAIL: '" + how + "'}\nsizing: {threads: 1}")
		out := i.install(4)
		if reason := failures[how]; !strings.Contains(out.stderr, reason) {
			i.t.Errorf("the reason does not say %q:\n%s", reason, out.stderr)
		}
		if i.container().ID != id || i.container().Name != i.project+"-web" {
			i.t.Error("the former container is not back")
		}
		if i.read(".env") != env || i.read("docker-compose.yaml") != file {
			i.t.Error("the former files are not back")
		}
		i.mustBeReady()
		if i.report().Users != 1 {
			i.t.Error("the data is not the former")
		}
	})
}

// A .env that the app rejects is refused before anything changes.
func TestEnvThatTheAppRejects(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.write("env: {LOG_LEVEL: LOUD}")
	out := i.install(2)
	if !strings.Contains(out.stderr, "LOG_LEVEL") {
		t.Errorf("LOG_LEVEL is not named:\n%s", out.stderr)
	}
	if _, err := os.Stat(i.dir); !os.IsNotExist(err) {
		t.Error("something was written")
	}

	i.write("")
	i.install(0)
	id := i.container().ID
	broken := strings.Replace(i.read(".env"), "LOG_RETENTION = '14'", "LOG_RETENTION = 'soon'", 1)
	if err := os.WriteFile(i.path(".env"), []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	out = i.install(3)
	if !strings.Contains(out.stderr, "LOG_RETENTION") || i.container().ID != id {
		t.Errorf("LOG_RETENTION is not named, or the container changed:\n%s", out.stderr)
	}
}
