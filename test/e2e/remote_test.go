package e2e_test

import (
	"os"
	"path/filepath"
	"testing"
)

// An engine on another machine that has the same directory: OpenAlgo is installed,
// proved by the container's health check, and changed. What reads its data from
// here is refused, with the place where it works.
func TestRemote(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	if docker.Info().Podman {
		t.Skip("Podman runs health checks by systemd alone")
	}
	i.env = append(i.env, "DOCKER_HOST="+overTCP(t))
	if err := os.Mkdir(i.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	quick := "services:\n  openalgo:\n    healthcheck: {interval: 1s}\n"
	if err := os.WriteFile(filepath.Join(i.dir, "docker-compose.override.yml"), []byte(quick), 0o644); err != nil {
		t.Fatal(err)
	}
	i.install(0)
	i.run("status").mustTell(t, "ready")
	if out := i.run("set", "LOG_LEVEL=DEBUG", "--now"); out.code != 0 {
		t.Error(out.all())
	}
	id := i.container().ID
	for _, args := range [][]string{{"backup", "--now"}, {"backup", "--schedule", "03:30"}, {"restore", i.answers, "--now"}, {"rollback", "--now"}} {
		out := i.run(args...)
		if out.code != 3 {
			t.Errorf("%v exits %d, want 3", args, out.code)
		}
		out.mustSay(t, "not on this machine", "tcp://127.0.0.1:", "Nothing was changed.")
	}
	if i.container().ID != id {
		t.Error("a command that is refused changed the container")
	}
}
