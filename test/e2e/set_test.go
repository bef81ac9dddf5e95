package e2e_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// value is what .env has for a key, as the line is written.
func (i *instance) value(key string) string {
	i.t.Helper()
	for line := range strings.Lines(i.read(".env")) {
		if name, value, ok := strings.Cut(line, "="); ok && strings.TrimSpace(name) == key {
			return strings.Trim(strings.TrimSpace(value), `'"`)
		}
	}
	return ""
}

// with runs the program with text as its stdin.
func (i *instance) with(stdin string, args ...string) outcome {
	i.t.Helper()
	file := filepath.Join(i.t.TempDir(), "stdin")
	if err := os.WriteFile(file, []byte(stdin), 0o600); err != nil {
		i.t.Fatal(err)
	}
	in, err := os.Open(file)
	if err != nil {
		i.t.Fatal(err)
	}
	defer in.Close()
	cmd := i.command(args...)
	cmd.Stdin = in
	text, _ := cmd.CombinedOutput()
	return outcome{"", string(text), cmd.ProcessState.ExitCode()}
}

func TestSet(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.write("env: {LOG_LEVEL: INFO}\n")
	i.install(0)
	i.addUser()
	keys := i.keys()
	set := func(want int, args ...string) outcome {
		t.Helper()
		out := i.run(append([]string{"set", "--now"}, args...)...)
		if out.code != want {
			t.Fatalf("%v: exit %d, want %d\n%s", args, out.code, want, out.all())
		}
		return out
	}
	set(0, "LOG_LEVEL=DEBUG", "LOG_FORMAT=a = 'b' ${C}")
	if i.value("LOG_LEVEL") != "DEBUG" || !strings.Contains(i.read(".env"), "LOG_FORMAT") {
		t.Error(i.value("LOG_LEVEL"))
	}
	if out := set(0, "LOG_LEVEL=DEBUG"); !strings.Contains(out.stdout, "Nothing to do") {
		t.Error(out.all())
	}
	// What the user wrote by hand since counts less than what is asked for now.
	if err := os.WriteFile(i.path(".env"), []byte(strings.Replace(i.read(".env"), "'DEBUG'", "'ERROR'", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	set(0, "LOG_LEVEL=DEBUG")
	if i.value("LOG_LEVEL") != "DEBUG" {
		t.Error(i.value("LOG_LEVEL"))
	}
	set(0, "MY_OWN=1")
	set(0, "--unset", "MY_OWN")
	if strings.Contains(i.read(".env"), "MY_OWN") || strings.Contains(i.read("openalgo-install.yaml"), "MY_OWN") {
		t.Error("the key is there")
	}
	set(3, "--unset", "LOG_FORMAT").mustSay(t, "LOG_FORMAT: is missing, and OpenAlgo does not start without it")
	before := i.container().ID
	for arg, want := range map[string]string{
		"API_KEY_PEPPER=x": "set never changes", "FERNET_SALT=x": "set never changes", "APP_KEY=x": "set never changes",
		"HOST_SERVER=https://x": " domain", "SHM_SIZE=1g": " resize",
		"FLASK_PORT=80": "the container needs its own value", "broker=nobody": "OpenAlgo has no broker",
		"DATABASE_URL=sqlite:////srv/x.db": "under db/", "SANDBOX_DATABASE_URL=sqlite:///../x.db": "under db/",
		"broker=fivepaisa": "set broker=fivepaisa BROKER_API_KEY BROKER_API_SECRET", "SESSION_EXPIRY_TIME=late": "SESSION_EXPIRY_TIME",
	} {
		out := i.run("set", "--now", arg)
		if out.code != 2 && out.code != 3 || i.container().ID != before {
			t.Errorf("%s: exit %d\n%s", arg, out.code, out.all())
		}
		out.mustTell(t, want)
	}
	for _, arg := range []string{"log_level=INFO", "LOG_LEVL=INFO"} {
		out := i.run("set", "--now", arg)
		if out.code != 2 || i.container().ID != before {
			t.Errorf("%s: exit %d\n%s", arg, out.code, out.all())
		}
		out.mustTell(t, "Did you mean LOG_LEVEL?")
	}
	for arg, want := range map[string]string{"MY_OWN_SETTING=1": "has no setting MY_OWN_SETTING", "--unset=LOG_LEVL": "Did you mean LOG_LEVEL?", "--unset=NOPE": "NOPE is not in .env"} {
		i.run("set", "--dry-run", arg).mustTell(t, want)
	}
	if info, err := os.Stat(i.path("openalgo-install.yaml")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others can read what the user set", info.Mode(), err)
	}
	i.run("set", "--edit").mustSay(t, "without a terminal")
	if i.keys() != keys {
		t.Error("keys changed")
	}
	i.mustBeReady()
}

// Another broker: what follows it changes, too; its secrets come by stdin.
func TestSetBroker(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	out := i.with("client:::canary-other-1\ncanary-other-2\n", "set", "--now", "broker=dhan", "BROKER_API_KEY", "BROKER_API_SECRET")
	if out.code != 0 || strings.Contains(out.all(), "canary-other") {
		t.Fatal(out.all())
	}
	if got := i.value("REDIRECT_URL"); !strings.HasSuffix(got, "/dhan/callback") {
		t.Error(got)
	}
	if i.value("BROKER_API_KEY") != "client:::canary-other-1" || i.value("BROKER_API_SECRET") != "canary-other-2" {
		t.Error("the credentials are not there")
	}
	out.mustTell(t, "/dhan/callback")
	if !strings.Contains(i.read("openalgo-install.yaml"), "name: dhan") {
		t.Error("the saved answers name the former broker")
	}
	i.mustBeReady()
	if out := i.with("k-12345678\ns-12345678\n", "set", "--now", "broker=deltaexchange", "BROKER_API_KEY", "BROKER_API_SECRET"); out.code != 0 || i.value("DISABLE_SESSION_EXPIRY") != "true" {
		t.Error(out.all())
	}
}

func TestSetThatFails(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	before, env := i.container().ID, i.read(".env")
	out := i.run("set", "--now", "OPENALGO_REHEARSAL_FAIL=exit")
	if out.code != 4 {
		t.Fatal(out.all())
	}
	if i.container().ID != before || i.read(".env") != env {
		t.Error("not all is as before")
	}
	i.mustBeReady()
}

func TestSetEdit(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	edit := func(script string) outcome {
		t.Helper()
		path := filepath.Join(t.TempDir(), "editor")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		i.env = []string{"EDITOR=" + path, "VISUAL="}
		return i.run("set", "--edit", "--now", "--yes")
	}
	if out := edit(`sed -i "s/^LOG_LEVEL.*/# mine\nLOG_LEVEL = 'DEBUG'/" "$1"`); out.code != 0 {
		t.Fatal(out.all())
	}
	if env := i.read(".env"); !strings.Contains(env, "# mine\nLOG_LEVEL = 'DEBUG'") {
		t.Error("the edit is not there, comment included")
	}
	if out := edit("true"); out.code != 0 || !strings.Contains(out.all(), "not changed") {
		t.Error(out.all())
	}
	before, env := i.container().ID, i.read(".env")
	for script, want := range map[string]string{
		`sed -i "s/^API_KEY_PEPPER.*/API_KEY_PEPPER = 'x'/" "$1"`: "set never changes",
		`sed -i "/^APP_KEY/d" "$1"`:                               "set never changes",
		`sed -i "/^DATABASE_URL/d" "$1"`:                          "DATABASE_URL",
		"exit 1":                                                  "failed. Nothing was changed",
	} {
		out := edit(script)
		if out.code == 0 || i.container().ID != before || i.read(".env") != env {
			t.Errorf("%s: exit %d\n%s", script, out.code, out.all())
		}
		out.mustTell(t, want)
	}
	i.mustBeReady()
}

func TestShell(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	if out := i.run("shell", "--", "curl"); out.code != 3 {
		t.Error(out.all())
	}
	i.install(0)
	ask := []string{"shell", "--", "curl", "-f", "http://127.0.0.1:5000/auth/check-setup"}
	if out := i.run(ask...); out.code != 0 || !strings.Contains(out.stdout, "needs_setup") {
		t.Error(out.all())
	}
	if out := i.run("shell", "--", "curl", "-f", "http://127.0.0.1:1/"); out.code == 0 {
		t.Error(out.all())
	}
	if out := i.run("shell"); out.code != 2 {
		t.Error(out.all())
	}
	if out := i.run("admin", "reset-password"); out.code != 2 {
		t.Error(out.all())
	}
	reset := i.command("admin", "reset-password", "--username", "trader")
	reset.Stdin = strings.NewReader("Correct-Horse-7\n")
	if out, err := reset.CombinedOutput(); err != nil || !strings.Contains(string(out), "Password updated: 15 characters") || strings.Contains(string(out), "Horse") {
		t.Errorf("%v: %s", err, out)
	}
	// On a terminal the command has one of its own.
	cmd := i.command(ask...)
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(terminal)
	if err := cmd.Wait(); err != nil || !strings.Contains(string(said), "needs_setup") || !strings.Contains(string(said), "\r\n") {
		t.Errorf("%v: %q", err, said)
	}
}
