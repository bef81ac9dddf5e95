// Package bootstrap tests install.sh as a new machine runs it: with the tools that
// such a machine has, against releases that are served on loopback.
package bootstrap

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/testuser"
)

// shells are those that install.sh must run in, with the tools that come with them.
var shells = map[string][]string{
	"dash":    {"dash"},
	"bash":    {"bash"},
	"busybox": {"busybox", "sh"},
}

// tools are all that install.sh may find on a machine.
var tools = []string{
	"cat", "chmod", "cp", "curl", "dirname", "getconf", "gzip", "head", "id", "mkdir", "mktemp", "mv", "openssl", "rm",
	"sh", "sha256sum", "tail", "tar", "timeout", "true", "uname", "wget",
}

// missing skips a test, or fails it where everything must be there.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("OPENALGO_E2E") == "require" {
		t.Fatalf("OPENALGO_E2E=require, and there is no %s", what)
	}
	t.Skip("there is no " + what)
}

// machine is a machine that install.sh runs on: its tools, its user, its files.
type machine struct {
	t     *testing.T
	shell []string
	path  string // the directory of its tools
	work  string // what it may write in
	env   []string
	alice bool // the user is not root, whoever runs the test
}

func newMachine(t *testing.T, shell string) *machine {
	t.Helper()
	dir := t.TempDir()
	m := &machine{t: t, shell: slices.Clone(shells[shell]), path: filepath.Join(dir, "path"), work: filepath.Join(dir, "work")}
	at, err := exec.LookPath(m.shell[0])
	if err != nil {
		missing(t, m.shell[0])
	}
	m.shell[0] = at
	for _, sub := range []string{m.path, m.work, m.home(), m.prefix(), filepath.Join(m.work, "tmp")} {
		if err := os.MkdirAll(sub, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for up := dir; len(up) > len(os.TempDir()); up = filepath.Dir(up) { // so that alice may look in
		_ = os.Chmod(up, 0o755)
	}
	for _, name := range tools {
		at, err := exec.LookPath(name)
		if err != nil {
			missing(t, name)
		}
		// A small machine has busybox for all of it but what busybox has not got.
		if shell == "busybox" && !slices.Contains([]string{"curl", "openssl", "getconf"}, name) {
			at = m.shell[0]
		}
		m.link(name, at)
	}
	return m
}

func (m *machine) home() string    { return filepath.Join(m.work, "home") }
func (m *machine) prefix() string  { return filepath.Join(m.work, "usr") }
func (m *machine) program() string { return filepath.Join(m.prefix(), "bin", "openalgo-install") }

func (m *machine) link(name, to string) {
	m.t.Helper()
	if err := os.Symlink(to, filepath.Join(m.path, name)); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) without(names ...string) *machine {
	m.t.Helper()
	for _, name := range names {
		if err := os.Remove(filepath.Join(m.path, name)); err != nil {
			m.t.Fatal(err)
		}
	}
	return m
}

// fake puts a shell script in the place of a tool.
func (m *machine) fake(name, script string) *machine {
	m.t.Helper()
	_ = os.Remove(filepath.Join(m.path, name))
	write(m.t, filepath.Join(m.path, name), "#!/bin/sh\n"+script+"\n")
	return m
}

// asAlice has the machine run as somebody who is not root.
func (m *machine) asAlice() *machine {
	m.t.Helper()
	m.alice = true
	if os.Geteuid() == 0 {
		for _, dir := range []string{m.home(), filepath.Join(m.work, "tmp")} {
			if err := os.Chown(dir, testuser.Alice, testuser.Alice); err != nil {
				m.t.Fatal(err)
			}
		}
	}
	return m
}

// command is the script on the standard input of a shell, as curl has it there.
func (m *machine) command(script string, args ...string) *exec.Cmd {
	m.t.Helper()
	cmd := exec.Command(m.shell[0], append(append(slices.Clone(m.shell[1:]), "-s", "--"), args...)...)
	cmd.Dir = m.work
	cmd.Env = append([]string{"PATH=" + m.path, "HOME=" + m.home(), "TMPDIR=" + filepath.Join(m.work, "tmp"), "OPENALGO_INSTALL_PREFIX=" + m.prefix()}, m.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // nobody's terminal is there
	if m.alice && os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: testuser.Alice, Gid: testuser.Alice}
	}
	in, err := os.Open(script)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { in.Close() })
	cmd.Stdin = in
	return cmd
}

// run returns all that the script said, and its exit code.
func (m *machine) run(script string, args ...string) (said string, code int) {
	m.t.Helper()
	out, err := m.command(script, args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	if exit != nil {
		code = exit.ExitCode()
	}
	if left, _ := filepath.Glob(filepath.Join(m.work, "tmp", "*")); len(left) > 0 {
		m.t.Errorf("left over: %v", left)
	}
	return string(out), code
}

// must runs the script, which must end with a code and say something.
func (m *machine) must(code int, says, script string, args ...string) {
	m.t.Helper()
	out, got := m.run(script, args...)
	if got != code || !strings.Contains(out, says) {
		m.t.Fatalf("%v: exit %d, want %d and %q\n%s", args, got, code, says, out)
	}
}

// files are those below a directory.
func files(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			out = append(out, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}
