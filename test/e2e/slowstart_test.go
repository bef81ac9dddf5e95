package e2e_test

import (
	"os"
	"strings"
	"testing"
	"time"
)

// impatient is a health check that calls a container unhealthy long before
// OpenAlgo has started, as Docker's does on a small server.
const impatient = `services:
  openalgo:
    healthcheck: {interval: 1s, timeout: 1s, retries: 1, start_period: 0s}
`

// slow makes an instance whose start takes longer than its health check bears.
func slow(t *testing.T) *instance {
	i := newInstance(t)
	i.write("env: {OPENALGO_REHEARSAL_FAIL: 'migrate:3s'}")
	if err := os.Mkdir(i.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	i.put("docker-compose.override.yaml", impatient)
	return i
}

// A start that takes its time is no failed one: not on a first install, not on
// a change, and not when what ran before is brought back.
func TestSlowStart(t *testing.T) {
	t.Parallel()
	i := slow(t)
	out := i.install(0)
	if !strings.Contains(out.stdout, "migrations") || !strings.Contains(out.stdout, "starting the web server") {
		t.Errorf("how far it is is not said:\n%s", out.all())
	}
	out = i.run("set", "LOG_LEVEL=DEBUG", "--now", "--json")
	if out.code != 0 {
		t.Fatalf("a change: exit %d\n%s", out.code, out.all())
	}
	if !strings.Contains(out.stdout, `"start":{"stage":"migrations","done":2`) || !strings.Contains(out.stdout, `"total":23}`) {
		t.Errorf("how far it is is not in the events:\n%s", out.stdout)
	}
	id := i.container().ID
	if out := i.run("set", "OPENALGO_REHEARSAL_FAIL=silent", "--now", "--wait", "1s"); out.code != 4 {
		t.Errorf("a roll-back to a slow start: exit %d, want 4\n%s", out.code, out.all())
	}
	if i.container().ID != id {
		t.Error("the container is not the one of before")
	}
	i.mustBeReady()
}

// While it starts, status and doctor say so, and nothing is wrong with it.
func TestStartingIsSaid(t *testing.T) {
	t.Parallel()
	i := slow(t)
	i.install(0)
	i.put(".env", strings.Replace(i.read(".env"), "migrate:3s", "migrate:1h", 1))
	if err := docker.Kill(t.Context(), i.container().ID, "KILL"); err != nil {
		t.Fatal(err)
	}
	if err := docker.Start(t.Context(), i.container().ID); err != nil {
		t.Fatal(err)
	}
	for i.container().Health != "unhealthy" {
		time.Sleep(100 * time.Millisecond)
	}
	if out := i.run("status", "--json"); !strings.Contains(out.stdout, `"starting": true`) || !strings.Contains(out.stdout, `"ready": false`) {
		t.Errorf("status:\n%s", out.stdout)
	}
	if out := i.run("doctor"); out.code != 0 || strings.Contains(out.stdout, "unhealthy") || !strings.Contains(out.stdout, "does not answer yet") {
		t.Errorf("doctor exits %d:\n%s", out.code, out.stdout)
	}
}
