package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// The engine is stopped and started in the middle of a change. It is one of
// the test's own, in its own namespaces: nobody else's is touched.
func TestEngineRestarted(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("dockerd"); err != nil || os.Geteuid() != 0 {
		t.Skip("an engine of one's own needs root and dockerd")
	}
	if os.Getenv("DOCKER_HOST") != "" {
		t.Skip("done with the host's own dockerd only")
	}
	script, err := filepath.Abs("testdata/engine-restart.sh")
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "sh", script)
	cmd.Env = append(os.Environ(), "PROGRAM="+failing, "WORK="+work, "POINTS=created before-stop after-stop before-start before-verify",
		"BACKUP_POINTS=backup-stopped backup-keys freezing frozen")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		Unshareflags: syscall.CLONE_NEWNS,
		Pdeathsig:    syscall.SIGKILL,
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
