package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// throughOptions chooses an image, the instance's ports and its sizing: the plan would be
// another one, and asked about again, if another test installed in the meantime.
func (c *console) throughOptions(i *instance, image string) *console {
	c.t.Helper()
	return c.answers("Change image", down, "Port of the web", enter, "The name of an image", ctrlU+image+enter).
		sees("> "+image).types(ctrlU+strconv.Itoa(i.web)+enter, ctrlU+strconv.Itoa(i.ws)+enter).sees(strconv.Itoa(i.ws)).
		types(ctrlU+"1"+enter, ctrlU+"256m"+enter, ctrlU+"512"+enter)
}

// credentials types the two that most brokers have.
func (c *console) credentials() *console {
	c.t.Helper()
	return c.sees("openalgo-install  Credentials").types(canaryKey+enter, canarySecret+enter)
}

// begins waits for the first page. Port 5000 may be somebody else's.
func (i *instance) begins(args ...string) *console {
	i.t.Helper()
	return i.console(args...).sees("Nothing changes before")
}

func (c *console) toCredentials(broker string) *console {
	c.t.Helper()
	return c.types(enter).sees("The name that browsers use").types(enter).sees("Type a part").types(broker).sees("Search: " + broker).types(enter).
		sees("redirect URL").types(enter)
}

// noSecret is wanted of everything that a terminal was ever sent.
func (c *console) noSecret() {
	c.t.Helper()
	for _, canary := range []string{canaryKey, canarySecret} {
		if strings.Contains(c.output(), canary) {
			c.t.Errorf("the secret %s was sent to the terminal", canary)
		}
	}
}

// From the first page to the URL, saved for the next server, and the menu.
func TestWizard(t *testing.T) {
	i := newInstance(t)
	i.write("sizing: {threads: 1, shm_size: 256m, strategy_memory_mb: 512}")
	saved := filepath.Join(t.TempDir(), "answers.yaml")
	c := i.begins().toCredentials("zerodha").credentials().throughOptions(i, "rehearsal").
		answers("What changes", "s", "Save the answers", ctrlU+saved+enter+down+enter).sees("Saved.")
	i.samePlan(saved)
	c.types(enter).sees("OpenAlgo is ready at").types(enter).ends(0)
	c.noSecret()
	for _, want := range []string{"he admin account", "openalgo-install --dir " + i.dir} {
		if !strings.Contains(c.output(), want) { // the last lines alone are on the screen
			t.Errorf("%q was not said", want)
		}
	}
	i.mustBeReady()
	id := i.container().ID
	if out := i.run("--answers", saved); out.code != 0 || !strings.Contains(out.stdout, "othing to do") || i.container().ID != id {
		t.Errorf("the saved answers: exit %d\n%s", out.code, out.all())
	}
	i.console().sees("ready", "q Quit").types("w").sees("The name that browsers use").types(ctrlC).sees("Quit?").types("y").
		sees("q Quit").types("q").ends(0)
}

// samePlan wants of a saved file the plan of the answers that a person wrote.
func (i *instance) samePlan(saved string) {
	i.t.Helper()
	one, two := i.run("--answers", i.answers, "--dry-run", "--json"), i.run("--answers", saved, "--dry-run", "--json")
	if one.code != 0 || one.stdout != two.stdout {
		i.t.Errorf("the plans differ (exit %d, %d):\n%s\n%s", one.code, two.code, one.all(), two.all())
	}
}

// The size of the terminal changes in the middle.
func TestWizardResized(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	c := i.begins().toCredentials("zerodha").sees("openalgo-install  Credentials")
	c.size(40, 20).sees("Credentials   Step 5").size(200, 60).sees("Ctrl+R Show   Ctrl+C Quit")
	c.types(ctrlC).sees("Quit?").types("y").ends(130)
}

// Where no full screen can be shown the same is asked in plain lines, without
// one escape.
func TestWizardInPlainLines(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*exec.Cmd){
		"TERM=dumb":    func(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, "TERM=dumb") },
		"--accessible": func(cmd *exec.Cmd) { cmd.Args = append(cmd.Args, "--accessible") },
	} {
		t.Run(name, func(t *testing.T) {
			i := newInstance(t)
			cmd := i.command()
			cmd.Env = append(cmd.Env, "TERM=xterm-256color")
			prepare(cmd)
			c := newConsole(t, cmd).sees("Domain:").types(ctrlC).ends(130)
			if strings.Contains(c.output(), "\x1b") {
				t.Errorf("escapes: %q", c.output())
			}
		})
	}
}

// Brokers of each kind, to the plan and no further.
func TestWizardBrokers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ filter, credentials string }{
		"xts":         {"(iifl)", "k-1" + enter + "s-1" + enter + "mk-1" + enter + "ms-1" + enter},
		"crypto":      {"crypto", "k-1" + enter + "s-1" + enter},
		"three parts": {"(fivepaisa)", "bare" + enter + ctrlU + "u:::i:::c" + enter + "s-1" + enter},
	} {
		t.Run(name, func(t *testing.T) {
			i := newInstance(t)
			i.begins("--dry-run").toCredentials(c.filter).sees("openalgo-install  Credentials").types(c.credentials).throughOptions(i, "rehearsal").
				sees("What changes", "dry run").types(enter).ends(0)
			if _, err := os.Stat(i.dir); !os.IsNotExist(err) {
				t.Error("a dry run wrote something")
			}
		})
	}
}

// Back three pages and forward again, and a wrong value on the way.
func TestWizardBack(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.begins("--dry-run").types(enter).sees("The name that browsers use").types("http://x"+enter).sees("! this begins with http").types(ctrlU+enter).
		sees("Type a part").types("zerodha").sees("Search: zerodha").types(enter).sees("redirect URL").types(enter).credentials().sees("Change image").
		types(esc).sees("openalgo-install  Credentials").types(esc).sees("redirect URL").types(esc).sees("> Zerodha").
		types(enter).sees("redirect URL").types(enter).sees("> ****").types(enter, enter).
		throughOptions(i, "rehearsal").sees("What changes").types(ctrlC).sees("Quit?").types("n").sees("End dry run").types(ctrlC, "y").ends(130)
}

// ctrl+c on each page asks once, leaves nothing, and exits 130.
func TestWizardLeave(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"machine", "address", "broker", "redirect", "credentials", "options"} {
		t.Run(page, func(t *testing.T) {
			i := newInstance(t)
			c := i.begins()
			switch page {
			case "address":
				c.types(enter).sees("The name that browsers use")
			case "broker":
				c.types(enter).sees("The name that browsers use").types(enter).sees("Type a part")
			case "redirect":
				c.types(enter).sees("The name that browsers use").types(enter).sees("Type a part").types("zerodha").sees("Search: zerodha").types(enter).sees("redirect URL")
			case "credentials":
				c.toCredentials("zerodha").sees("openalgo-install  Credentials")
			case "options":
				c.toCredentials("zerodha").credentials().sees("Change image")
			}
			c.types(ctrlC).sees("Quit?").types("y").ends(130).noSecret()
			if _, err := os.Stat(i.dir); !os.IsNotExist(err) {
				t.Error("something was written")
			}
		})
	}
}

// A port that is taken: said in the review, fixed without typing all again.
func TestWizardPortTaken(t *testing.T) {
	t.Parallel()
	i, other := newInstance(t), newInstance(t)
	other.install(0)
	mine := i.web
	i.web = other.web
	c := i.begins().toCredentials("zerodha").credentials().throughOptions(i, "rehearsal").sees("is taken by").types(esc).sees("Change image")
	i.web = mine
	c.types(enter, enter, ctrlU+strconv.Itoa(i.web)+enter).sees(strconv.Itoa(i.web)).types(enter, enter, enter, enter).
		sees("What changes").types(enter).sees("OpenAlgo is ready at").types(enter).ends(0)
	i.mustBeReady()
}

// A stack that fails: the reason, and a retry with the same answers.
func TestWizardRetry(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	ref := fmt.Sprintf("oawizard%d:1", os.Getpid())
	importImage(t, ref, `CMD ["/openalgo-install", "no-such-command"]`)
	t.Cleanup(func() { i.removeImage(ref) })
	c := i.begins().toCredentials("zerodha").credentials().throughOptions(i, ref).sees("What changes").types(enter).
		sees("Installation failed", "no-such-command", "OpenAlgo is not installed")
	importImage(t, ref)
	c.types("r").sees("What changes").types(enter).sees("OpenAlgo is ready at").types(enter).ends(0).noSecret()
	i.mustBeReady()
}

func (i *instance) removeImage(ref string) {
	i.t.Helper()
	removeProject(i.t, i.project) // it uses the image
	_ = docker.RemoveImage(context.Background(), ref)
}

// Without an engine the first page says so, and offers to install one.
func TestWizardWithoutAnEngine(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.withoutDocker()
	i.begins().sees("i Install Docker").types(enter).sees("Fix the problems above").types(ctrlC).sees("Quit?").types("y").ends(130)
}

// The terminal goes in the middle of the apply: it goes on, and the wizard
// shows it when it is started again.
func TestWizardTerminalGone(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.program = failing
	i.env = append(i.env, "OPENALGO_FAILPOINT=before-start:STOP")
	c := i.begins().toCredentials("zerodha").credentials().throughOptions(i, "rehearsal").sees("What changes").types(enter)
	i.waitStopped(c.cmd.Process.Pid)
	_ = c.pty.Close()
	i.env = nil
	again := i.console().sees(") is under way", strconv.Itoa(c.cmd.Process.Pid))
	_ = c.cmd.Process.Signal(syscall.SIGCONT)
	<-c.over
	again.sees("Change your answers now?").types(enter).ends(0)
	for _, text := range []string{"install ended", "What do you want to do"} {
		if !strings.Contains(again.output(), text) {
			t.Errorf("%q is not to be seen:\n%s", text, again.output())
		}
	}
	i.mustBeReady()
	i.mustBeTidy()
}

// ctrl+c during the apply undoes it.
func TestWizardUndo(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.program = failing
	i.env = append(i.env, "OPENALGO_FAILPOINT=before-start:STOP")
	c := i.begins().toCredentials("zerodha").credentials().throughOptions(i, "rehearsal").sees("What changes").types(enter)
	i.waitStopped(c.cmd.Process.Pid)
	c.types(ctrlC)
	_ = c.cmd.Process.Signal(syscall.SIGCONT)
	c.sees("Installation failed").types("q").ends(130)
	if all := i.containers(); len(all) != 0 {
		t.Errorf("%d containers are left", len(all))
	}
}

// No command asks the terminal for its colours.
func TestHelpIsSilentOnATerminal(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	c := i.console("--help").ends(0)
	if strings.Contains(c.output(), "\x1b") {
		t.Errorf("escapes: %q", c.output())
	}
}

// Answers outlive the process, however it ends, and are removed by an install.
func TestWizardKeepsAnswers(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	state := t.TempDir()
	i.env = append(i.env, "XDG_STATE_HOME="+state)
	kept := func() int {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(state, "openalgo-install", "draft-*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
		}
		return len(files)
	}
	c := i.begins().toCredentials("zerodha").sees("Credentials").types(canaryKey + enter).sees("> ***")
	eventually(t, "the answers to be written", func() bool { return kept() == 1 })
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-c.over
	c = i.begins().types(enter).sees("Continue with the answers of", "IST?").types(enter).sees("Credentials").types(enter).types(canarySecret)
	eventually(t, "the secret to be written", func() bool {
		files, _ := filepath.Glob(filepath.Join(state, "openalgo-install", "draft-*"))
		if len(files) != 1 {
			return false
		}
		text, err := os.ReadFile(files[0])
		return err == nil && strings.Contains(string(text), canarySecret)
	})
	if err := c.cmd.Process.Signal(syscall.SIGHUP); err != nil { // the line drops
		t.Fatal(err)
	}
	<-c.over
	c.noSecret()
	c = i.begins().types(enter).sees("Continue with the answers of").types(enter).sees("Change image").throughOptions(i, "rehearsal").
		sees("What changes").types(enter).sees("OpenAlgo is ready at").types(enter).ends(0)
	c.noSecret()
	if n := kept(); n != 0 {
		t.Errorf("%d files are left", n)
	}
}
