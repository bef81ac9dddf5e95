package e2e_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// sshServer is an sshd of this test alone, on loopback.
type sshServer struct {
	t    *testing.T
	dir  string
	port int
}

func newSSHServer(t *testing.T) *sshServer {
	t.Helper()
	sshd := "/usr/sbin/sshd" // it insists on an absolute path
	for _, name := range []string{sshd, "ssh", "ssh-keygen"} {
		if _, err := exec.LookPath(name); err != nil {
			missing(t, name+" is not there (openssh-server, openssh-client)")
		}
	}
	s := &sshServer{t: t, dir: t.TempDir(), port: freePort(t)}
	if os.Geteuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // Debian's sshd wants it
			t.Fatal(err)
		}
	}
	for _, name := range []string{"host", "user"} {
		s.must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(s.dir, name))
	}
	s.must("cp", filepath.Join(s.dir, "user.pub"), filepath.Join(s.dir, "authorized"))
	cmd := exec.Command(sshd, "-D", "-e", "-f", "/dev/null", "-h", filepath.Join(s.dir, "host"), "-p", strconv.Itoa(s.port),
		"-o", "ListenAddress=127.0.0.1", "-o", "AuthorizedKeysFile="+filepath.Join(s.dir, "authorized"), "-o", "StrictModes=no",
		"-o", "PermitRootLogin=yes", "-o", "PidFile=none", "-o", "UsePAM=no", "-o", "PrintLastLog=no", "-o", "PrintMotd=no")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	s.waitFor("sshd to listen", func() bool {
		c, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return s
}

func (s *sshServer) must(name string, args ...string) {
	s.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func (s *sshServer) waitFor(what string, is func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// login runs a command line over ssh on a terminal of 80x24.
func (s *sshServer) login(line string) *console {
	s.t.Helper()
	who, err := user.Current()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.CommandContext(s.t.Context(), "ssh", "-tt", "-F", "/dev/null", "-i", filepath.Join(s.dir, "user"), "-p", strconv.Itoa(s.port),
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", who.Username+"@127.0.0.1", line)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	return newConsole(s.t, cmd)
}

// Over ssh, the line dropped in the middle of the apply: it goes on, a new
// login shows it and its end, and then the menu.
func TestWizardOverSSH(t *testing.T) {
	i := newInstance(t)
	s := newSSHServer(t)
	c := s.login("OPENALGO_FAILPOINT=before-start:STOP "+failing+" --dir "+i.dir).sees("Nothing changes before").
		toCredentials("zerodha").credentials().throughOptions(i, "rehearsal").sees("What changes").types(enter)
	pid := s.stopped(i)
	_ = c.cmd.Process.Kill() // the line drops
	<-c.over
	c.noSecret()

	again := s.login(program+" --dir "+i.dir).sees(") is under way", strconv.Itoa(pid))
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	again.sees("uninstall: remove the container", "Change your answers now?").types(enter).ends(0)
	if out := again.output(); !strings.Contains(out, "install ended: OpenAlgo is ready") {
		t.Errorf("the end of the run is not shown:\n%s", out)
	}
	i.mustBeReady()
	// As under sudo: the variable that names the address is gone, and the shell still has it.
	s.login("env -u SSH_CONNECTION "+program+" --dir "+i.dir+"; exit $?").sees("ready", fmt.Sprintf("ssh -N -L %d:127.0.0.1:%[1]d", i.web), fmt.Sprintf("-p %d", s.port), "@127.0.0.1").types("q").ends(0)
}

// stopped waits until the run in the instance's directory has been stopped.
func (s *sshServer) stopped(i *instance) (pid int) {
	s.t.Helper()
	s.waitFor("the run to stop", func() bool {
		text, err := os.ReadFile(filepath.Join(i.dir, ".openalgo-install", "lock"))
		if err != nil {
			return false
		}
		before, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ") // then its command
		pid, _ = strconv.Atoi(before)
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err == nil && strings.Contains(string(stat), ") T ")
	})
	return pid
}
