package e2e_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// dialog is the program on a terminal of 80x24, as somebody types at it.
type dialog struct {
	t        *testing.T
	terminal *os.File
	said     bytes.Buffer
	wait     func() int // waits for the end and returns the exit code
}

func (i *instance) dialog(args ...string) *dialog {
	i.t.Helper()
	cmd := i.command(append(args, "--accessible")...)
	cmd.Env = append(cmd.Env, "TERM=xterm")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		i.t.Fatal(err)
	}
	d := &dialog{t: i.t, terminal: terminal}
	d.wait = func() int {
		_, _ = d.said.ReadFrom(terminal)
		_ = cmd.Wait()
		return cmd.ProcessState.ExitCode()
	}
	i.t.Cleanup(func() {
		_ = terminal.Close()
		_ = cmd.Process.Kill()
	})
	return d
}

// answers waits for each prompt and types what belongs to it.
func (d *dialog) answers(pairs ...string) {
	d.t.Helper()
	for n := 0; n < len(pairs); n += 2 {
		d.said.WriteString(readUntil(d.t, d.terminal, pairs[n]))
		if _, err := d.terminal.WriteString(pairs[n+1] + "\n"); err != nil {
			d.t.Fatal(err)
		}
	}
}

// From the first question to the URL, with wrong values on the way.
func TestQuestions(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	saved := filepath.Join(t.TempDir(), "answers.yaml")
	d := i.dialog()
	d.answers("Domain:", "http://wrong", "Domain:", "", "Broker:", "zerodah", "Broker:", "zerodha", "Do you have", "", "API key (not shown)", canaryKey,
		"API secret", "<", "API key (not shown)", "", "API secret", canarySecret, "Change image", "yes", "Image [", "rehearsal",
		"Port of the web interface", strconv.Itoa(i.web), "Port of the WebSocket", strconv.Itoa(i.ws),
		"Threads", "1", "Shared memory", "300m", "Memory of a strategy", "512", "Install now? Type", "save", "File [", saved, "Write the secrets", "yes", "Install now? Type", "yes")
	if code := d.wait(); code != 0 {
		t.Fatalf("exits %d\n%s", code, d.said.String())
	}
	said := d.said.String()
	for _, want := range []string{"did you mean", "OpenAlgo is ready at http://127.0.0.1:" + strconv.Itoa(i.web), "openalgo-install --dir " + i.dir + " status", "he admin account"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
	if strings.Contains(said, canaryKey) || strings.Contains(said, canarySecret) {
		t.Error("a secret is on the screen")
	}
	i.mustBeReady()
	if got := i.report().ShmBytes; got != 300<<20 {
		t.Errorf("/dev/shm has %d bytes, and 300m was the answer", got)
	}
	// The saved file is the same install: nothing is left to do.
	id := i.container().ID
	if out := i.run("--answers", saved); out.code != 0 || !strings.Contains(out.stdout, "othing to do") || i.container().ID != id {
		t.Errorf("the saved answers: exit %d\n%s", out.code, out.all())
	}
	// A second time there is an OpenAlgo: it is shown, and its answers can be changed.
	again := i.dialog()
	again.answers("Change your answers now?", "no")
	if code := again.wait(); code != 0 || !strings.Contains(again.said.String(), "What do you want to do") {
		t.Errorf("on a host that has OpenAlgo: exit %d\n%s", code, again.said.String())
	}
}

// Ctrl+c at a question changes nothing and leaves the terminal as it was.
func TestQuestionsInterrupted(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"Domain:", "API key (not shown)", "Install now? Type"} {
		i := newInstance(t)
		d := i.dialog()
		before := echo(t, d.terminal)
		if at != "Domain:" {
			d.answers("Domain:", "", "Broker:", "zerodha", "Do you have", "")
		}
		if at == "Install now? Type" {
			d.answers("API key (not shown)", canaryKey, "API secret", canarySecret, "Change image", "yes", "Image [", "rehearsal",
				"Port of the web interface", strconv.Itoa(i.web), "Port of the WebSocket", strconv.Itoa(i.ws),
				"Threads", "1", "Shared memory", "256m", "Memory of a strategy", "512")
		}
		d.said.WriteString(readUntil(t, d.terminal, at))
		_, _ = d.terminal.Write([]byte{3})
		if code := d.wait(); code != 130 {
			t.Errorf("at %s: exits %d, want 130\n%s", at, code, d.said.String())
		}
		if echo(t, d.terminal) != before {
			t.Errorf("at %s: the terminal is left without echo", at)
		}
		if _, err := os.Stat(i.dir); !os.IsNotExist(err) {
			t.Errorf("at %s: something was written", at)
		}
	}
}

func echo(t *testing.T, terminal *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// A port that is taken: the reason, another answer, and no retyping.
func TestQuestionsAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	i, other := newInstance(t), newInstance(t)
	other.install(0)
	d := i.dialog()
	first := []string{"Domain:", "", "Broker:", "zerodha", "Do you have", "", "API key (not shown)", canaryKey, "API secret", canarySecret, "Change image", "yes",
		"Image [", "rehearsal", "Port of the web interface", strconv.Itoa(other.web), "Port of the WebSocket", strconv.Itoa(i.ws),
		"Threads", "1", "Shared memory", "256m", "Memory of a strategy", "512"}
	d.answers(append(first, "retry?", "yes", "Domain", "", "Broker [zerodha]", "", "Do you have", "", "as entered", "", "as entered", "", "Change image", "",
		"Image [rehearsal]", "", "Port of the web interface", strconv.Itoa(i.web), "Port of the WebSocket ["+strconv.Itoa(i.ws), "",
		"Threads", "1", "Shared memory", "256m", "Memory of a strategy", "512", "Install now? Type", "yes")...)
	if code := d.wait(); code != 0 || !strings.Contains(d.said.String(), "is taken by") {
		t.Fatalf("exits %d\n%s", code, d.said.String())
	}
	i.mustBeReady()
}

// Without an engine it offers to install one, and takes no for an answer.
func TestQuestionsWithoutAnEngine(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.withoutDocker()
	d := i.dialog()
	d.answers("Install Docker Engine now?", "no")
	if code := d.wait(); code != 3 {
		t.Errorf("exits %d, want 3\n%s", code, d.said.String())
	}
}

// The line drops while it is applied: the apply goes on to its end.
func TestQuestionsTerminalGone(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.program = failing
	i.env = append(i.env, "OPENALGO_FAILPOINT=before-start:STOP")
	cmd := i.command("--accessible")
	cmd.Env = append(cmd.Env, "TERM=xterm")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	d := &dialog{t: t, terminal: terminal}
	d.answers("Domain:", "", "Broker:", "zerodha", "Do you have", "", "API key (not shown)", canaryKey, "API secret", canarySecret, "Change image", "yes",
		"Image [", "rehearsal", "Port of the web interface", strconv.Itoa(i.web), "Port of the WebSocket", strconv.Itoa(i.ws),
		"Threads", "1", "Shared memory", "256m", "Memory of a strategy", "512", "Install now? Type", "yes")
	i.waitStopped(cmd.Process.Pid)
	_ = terminal.Close()
	_ = cmd.Process.Signal(syscall.SIGCONT)
	_ = cmd.Wait()
	i.env = nil
	i.mustBeReady()
	i.mustBeTidy()
}
