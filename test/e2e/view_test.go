package e2e_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// withoutDocker has the program run on a machine without Docker: it sees none at the
// default place. A DOCKER_HOST that leads nowhere is another matter.
func (i *instance) withoutDocker() {
	i.t.Helper()
	if os.Geteuid() != 0 {
		i.t.Skip("a mount namespace needs root")
	}
	script := filepath.Join(i.t.TempDir(), "program")
	text := `#!/bin/sh
exec unshare --mount sh -c '[ ! -e /run/docker.sock ] || mount --bind /dev/null /run/docker.sock; exec "$0" "$@"' ` + i.program + ` "$@"
`
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		i.t.Fatal(err)
	}
	i.program = script
	i.env = append(i.env, "DOCKER_HOST=", "DOCKER_CONTEXT=", "DOCKER_CONFIG="+i.t.TempDir())
}

// A Docker that does not see the directory is found before anything is made:
// the program runs with a file system of its own there, as under a snap.
func TestPreflightDockerDoesNotSeeTheDirectory(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("a mount namespace needs root")
	}
	i, hidden := newInstance(t), t.TempDir()
	remote := "DOCKER_HOST=" + overTCP(t)
	for name, c := range map[string]struct {
		dir string
		env []string
	}{
		"another one": {hidden, nil}, "none": {hidden + "/" + i.project, nil},
		"another one, elsewhere": {hidden, []string{remote}}, "none, elsewhere": {hidden + "/" + i.project, []string{remote}},
	} {
		script, dir := `mount -t tmpfs hidden "$1" || exit 77; shift; exec "$@"`, c.dir
		if strings.HasPrefix(name, "none") {
			script = strings.Replace(script, "shift;", `mkdir "$1"/`+i.project+`; shift;`, 1)
		}
		cmd := exec.Command("unshare", "--mount", "sh", "-c", script, "sh", hidden, i.program, "--dir", dir+"/"+i.project, "--answers", i.answers)
		cmd.Env = append(os.Environ(), c.env...)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() == 77) {
			t.Skipf("no namespace: %v: %s", err, out)
		}
		if code := cmd.ProcessState.ExitCode(); code != 3 || !strings.Contains(string(out), "the directory") {
			t.Errorf("%s: exit %d, want 3\n%s", name, code, out)
		}
		i.mustBeUntouched()
	}
}
