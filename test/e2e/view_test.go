package e2e_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A Docker that does not see the directory is found before anything is made:
// the program runs with a file system of its own there, as under a snap.
func TestPreflightDockerDoesNotSeeTheDirectory(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("a mount namespace needs root")
	}
	i, hidden := newInstance(t), t.TempDir()
	script := `mount -t tmpfs hidden "$1" || exit 77; shift; exec "$@"`
	for name, dir := range map[string]string{"another one": hidden, "none": hidden + "/" + i.project} {
		if name == "none" {
			script = strings.Replace(script, "shift;", `mkdir "$1"/`+i.project+`; shift;`, 1)
		}
		cmd := exec.Command("unshare", "--mount", "sh", "-c", script, "sh", hidden, i.program, "--dir", dir+"/"+i.project, "--answers", i.answers)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() == 77) {
			t.Skipf("no namespace: %v: %s", err, out)
		}
		if code := cmd.ProcessState.ExitCode(); code != 3 || !strings.Contains(string(out), "does not see the directory") {
			t.Errorf("%s: exit %d, want 3\n%s", name, code, out)
		}
		i.mustBeUntouched()
	}
}
