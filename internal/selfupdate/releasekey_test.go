package selfupdate

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReleaseKeyScript replaces the project's key over three releases.
func TestReleaseKeyScript(t *testing.T) {
	t.Parallel()
	script, err := filepath.Abs("../../scripts/release-key.sh")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run := func(name string, args ...string) (string, error) {
		cmd := exec.Command(name, args...)
		// For minisign -R: here a secret key's file has its public half in it.
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "MINISIGN=bash "+filepath.Join(dir, "minisign"),
			"GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x@x", "GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x@x")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	must := func(name string, args ...string) {
		t.Helper()
		if out, err := run(name, args...); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	one, two := newKey(t).public.String(), newKey(t).public.String()
	must("git", "init", "-q")
	must("mkdir", ".github")
	write("minisign", "cp \"$3\" \"$5\"\n")
	write("one", "untrusted comment: x\n"+one)
	write("two", "untrusted comment: x\n"+two)

	const list = ".github/release-keys"
	for _, step := range []struct {
		tag, keys, sign string
		ok              bool
	}{
		{"", "# none yet\n", "one", false},
		{"v1.0.0", "# the first\n" + one + "\n", "one", true},
		{"", one + "\n" + two + "\n", "two", false}, // 1.0.0 does not know it
		{"v1.1.0", one + "\n" + two + "\n", "one", true},
		{"v1.2.0", one + "\n" + two + "\n", "two", true},
		{"", two + "\n", "one", false},
		{"v1.3.0", two + "\n", "two", true},
	} {
		write(list, step.keys)
		must("git", "add", list)
		must("git", "commit", "-q", "--allow-empty", "-m", "x")
		out, err := run("bash", script, step.sign)
		if (err == nil) != step.ok {
			t.Fatalf("%+v: %v\n%s", step, err, out)
		}
		if step.ok {
			must("git", "tag", step.tag)
			_, built, _ := strings.Cut(out, "RELEASE_PUBLIC_KEYS=")
			if got, want := len(parseKeys(strings.TrimSpace(built))), strings.Count(step.keys, "RW"); got != want {
				t.Errorf("%+v: %d keys are built in, want %d\n%s", step, got, want, out)
			}
		}
	}
}
