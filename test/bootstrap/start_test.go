package bootstrap

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// TestWithoutTerminal installs, and starts the program only where arguments say what to do.
func TestWithoutTerminal(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, shell string) {
		r := newRelease(t)
		r.publish("1.1.0")
		m := r.on(t, shell)
		m.must(0, "Next, on a terminal:", r.script)
		m.must(0, "started: --answers a b", r.script, "--version", "1.1.0", "--", "--answers", "a b")
		m.env = append(m.env, "CI=true")
		m.must(0, "started: status", r.script, "--", "status")
		m.env = append(m.env, "OPENALGO_INSTALL_ONLY=1")
		m.must(0, "Next, on a terminal:", r.script, "--", "status")
		ran, _ := os.ReadFile(filepath.Join(m.home(), "ran"))
		if got := strings.ReplaceAll(string(ran), "version\n", ""); got != "--answers a b\nstatus\n" {
			t.Errorf("run: %q", got)
		}
		m.must(0, "Options:", r.script, "--help")
	})
}

// TestOnTerminal has the script on a pipe, as curl hands it over, and somebody who
// answers the program on the terminal.
func TestOnTerminal(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, shell string) {
		r := newRelease(t)
		r.publish("1.1.0")
		m := r.on(t, shell)
		if out := m.onTerminal(r.script, "hello\n", "--", "--dir", "x"); !strings.Contains(out, "started: --dir x") || !strings.Contains(out, "got: hello") {
			t.Error(out)
		}
		for _, not := range []string{"OPENALGO_INSTALL_ONLY=1", "CI=true"} {
			if shell != "dash" {
				break // the same words in every shell
			}
			m := r.on(t, shell)
			m.env = append(m.env, not)
			if out := m.onTerminal(r.script, "hello\n"); strings.Contains(out, "started") || !strings.Contains(out, "Next") {
				t.Errorf("%s: %s", not, out)
			}
		}
	})
}

// onTerminal runs the script at a terminal where somebody types, and returns what is on it.
func (m *machine) onTerminal(script, types string, args ...string) string {
	m.t.Helper()
	terminal, tty, err := pty.Open()
	if err != nil {
		m.t.Fatal(err)
	}
	defer terminal.Close()
	cmd := m.command(script, args...)
	cmd.Stdout, cmd.Stderr = tty, tty
	cmd.SysProcAttr.Setctty, cmd.SysProcAttr.Ctty = true, 1
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	_ = tty.Close()
	_, _ = terminal.WriteString(types) // waits in the terminal for who reads there
	var out bytes.Buffer
	_, _ = out.ReadFrom(terminal) // ends with an error when nobody has the terminal any more
	if err := cmd.Wait(); err != nil {
		m.t.Errorf("%v\n%s", err, out.String())
	}
	return out.String()
}

// TestCutOff runs every beginning of the script, as a line that drops hands it over:
// no file is made, and no command is run, by whatever name.
func TestCutOff(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	script, err := os.ReadFile(r.script)
	if err != nil {
		t.Fatal(err)
	}
	script = bytes.TrimRight(script, "\n")
	each(t, func(t *testing.T, shell string) {
		m := r.on(t, shell)
		note := filepath.Join(t.TempDir(), "ran")
		spyOnAll(t, m, note)
		nothing := func(what string) {
			t.Helper()
			if ran, err := os.ReadFile(note); err == nil {
				t.Fatalf("%s runs %s", what, ran)
			}
			if now := files(t, m.work); len(now) > 0 {
				t.Fatalf("%s makes %q", what, now)
			}
		}
		// On standard input, as it comes: where it may end well, and some elsewhere.
		part := filepath.Join(t.TempDir(), "part")
		for n := len(script) - 1; n > 0; n -= 1 + max(0, min(200, len(script)-30-n)) {
			write(t, part, string(script[:n]))
			_, _ = m.run(part, "--version", "1.1.0")
			nothing(fmt.Sprintf("the first %d bytes", n))
		}
		if shell != "dash" {
			return
		}
		// Each byte: a child of one shell has what comes after the last whole function.
		var parts []string
		for i, text := range strings.SplitAfter(string(script), "\n}\n") {
			parts = append(parts, fmt.Sprintf("%s-%03d", part, i))
			write(t, parts[i], text)
		}
		write(t, part, `n=0 last=`+parts[len(parts)-1]+`
for file; do
	whole=$(/bin/cat "$file") part=$whole
	while part=${part%?} && [ "$part" ]; do (eval "$part"); n=$((n + 1)); done 2>/dev/null
	[ "$file" = "$last" ] || eval "$whole"
done
echo $n
`)
		out, code := m.run(part, parts...)
		if n, _ := strconv.Atoi(strings.TrimSpace(out)); code != 0 || n < len(script)-3*len(parts) {
			t.Errorf("exit %d: %s of %d", code, out, len(script))
		}
		nothing("a beginning")
		// It would have been seen: the whole does run something.
		write(t, part, string(script))
		_, _ = m.run(part)
		if _, err := os.Stat(note); err != nil {
			t.Errorf("nobody sees what is run: %v", err)
		}
	})
}

// spyOnAll has every command that this machine knows by name note that it was run.
func spyOnAll(t *testing.T, m *machine, note string) {
	t.Helper()
	spy := filepath.Join(filepath.Dir(m.path), "spy")
	write(t, spy, "#!/bin/sh\necho \"$0 $*\" >>"+note+"\n")
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			at := filepath.Join(m.path, entry.Name())
			_ = os.Remove(at)
			if err := os.Symlink(spy, at); err != nil {
				t.Fatal(err)
			}
		}
	}
}
