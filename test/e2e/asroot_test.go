package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
)

// install.sh starts the program as whoever called it: a user who may not write in
// the instance's directory is asked whether sudo starts it again, and sudo gets the
// same command line.
func TestAsksToStartAsRoot(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	place := i.placeOfAll()
	i.dir = filepath.Join(place, i.project)
	tool := "#!/bin/sh\necho \"AS ROOT: $*\"\n"
	if err := os.WriteFile(filepath.Join(place, "sudo"), []byte(tool), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ answer, want, not string }{
		{"\n", "AS ROOT: " + i.program + " --dir " + i.dir + " --accessible", "Domain:"},
		{"n\n", "this user cannot write to", "AS ROOT"},
	} {
		cmd := i.command("--accessible")
		cmd.Dir = "/"
		cmd.Env = append(cmd.Env, "TERM=xterm", "HOME=/nonexistent", "DOCKER_HOST=", "DOCKER_CONTEXT=", "DOCKER_CONFIG=", "PATH="+place)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 200})
		if err != nil {
			t.Fatal(err)
		}
		said := readUntil(t, terminal, "with sudo? [Y/n]")
		if _, err := terminal.WriteString(c.answer); err != nil {
			t.Fatal(err)
		}
		said += readUntil(t, terminal, c.want)
		if strings.Contains(said, c.not) {
			t.Errorf("%q is said:\n%s", c.not, said)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = terminal.Close()
	}
	i.mustBeUntouched()
}
