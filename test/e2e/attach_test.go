package e2e_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// halted starts an install that stops at a failpoint until SIGCONT.
func (i *instance) halted(point string) *exec.Cmd {
	i.t.Helper()
	cmd := i.command("--answers", i.answers)
	cmd.Env = append(cmd.Env, "OPENALGO_FAILPOINT="+point+":STOP")
	if err := cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	i.waitStopped(cmd.Process.Pid)
	return cmd
}

func (i *instance) waitStopped(pid int) {
	i.t.Helper()
	var status unix.WaitStatus
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		got, err := unix.Wait4(pid, &status, unix.WUNTRACED|unix.WNOHANG, nil)
		if err == nil && got == 0 {
			continue
		}
		if err != nil || !status.Stopped() {
			i.t.Fatalf("the run did not stop: %v %v", status, err)
		}
		return
	}
	i.t.Fatal("the run did not stop in two minutes")
}

// A second run waits for the first, shows what it does, and finds nothing to do.
func TestSecondRunAttaches(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.program = failing
	first := i.halted("before-start")

	second := i.command("--answers", i.answers)
	out, err := second.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	said := readUntil(t, out, ") is under way")
	third := i.command("--answers", i.answers)
	thirdOut, err := third.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := third.Start(); err != nil {
		t.Fatal(err)
	}
	readUntil(t, thirdOut, ") is under way")
	_ = third.Process.Signal(os.Interrupt)
	_ = third.Wait()
	if code := third.ProcessState.ExitCode(); code != 130 {
		t.Errorf("ctrl+c while watching exits %d, want 130", code)
	}

	_ = first.Process.Signal(syscall.SIGCONT)
	if err := first.Wait(); err != nil {
		t.Errorf("the first run: %v", err)
	}
	said += readUntil(t, out, "othing to do")
	if err := second.Wait(); err != nil {
		t.Errorf("the second run: %v\n%s", err, said)
	}
	if !strings.Contains(said, "start") {
		t.Errorf("the first run's steps were not shown:\n%s", said)
	}
	i.mustBeReady()
	i.mustBeTidy()
}

// readUntil reads until the text has come.
func readUntil(t *testing.T, out interface{ Read([]byte) (int, error) }, want string) string {
	t.Helper()
	if closer, ok := out.(io.Closer); ok { // so that what never comes does not hold up all tests
		defer time.AfterFunc(2*time.Minute, func() { _ = closer.Close() }).Stop()
	}
	var all bytes.Buffer
	buffer := make([]byte, 4096)
	for !strings.Contains(all.String(), want) {
		n, err := out.Read(buffer)
		all.Write(buffer[:n])
		if err != nil {
			t.Fatalf("%q never came: %v\n%s", want, err, all.String())
		}
	}
	return all.String()
}

// The SSH line drops: the terminal is gone, the apply goes on.
func TestTerminalGone(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.program = failing
	cmd := i.command("--answers", i.answers)
	cmd.Env = append(cmd.Env, "OPENALGO_FAILPOINT=before-start:STOP", "TERM=xterm")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	i.waitStopped(cmd.Process.Pid)
	_ = terminal.Close()
	_ = cmd.Process.Signal(syscall.SIGCONT)
	if err := cmd.Wait(); err != nil {
		t.Errorf("the run without its terminal: %v", err)
	}
	i.mustBeReady()
	i.mustBeTidy()
}
