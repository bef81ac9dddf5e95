package instance

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/testuser"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestADirectoryOfAnotherUserIsRefused(t *testing.T) {
	testuser.Root(t)
	for name, test := range map[string]struct {
		make func(home string) (dir string)
		says string // "": it is accepted
	}{
		"root's": {func(home string) string { return home + "/openalgo" }, ""},
		"hers": {func(home string) string {
			must(t, os.Mkdir(home+"/openalgo", 0o755))
			must(t, os.Chown(home+"/openalgo", testuser.Alice, testuser.Alice))
			return home + "/openalgo"
		}, "sudo chown root:root"},
		"below hers": {func(home string) string {
			must(t, os.MkdirAll(home+"/alice/openalgo", 0o755))
			must(t, os.Chown(home+"/alice", testuser.Alice, testuser.Alice))
			return home + "/alice/openalgo"
		}, "without sudo"},
		"installed below hers": {func(home string) string {
			must(t, os.MkdirAll(home+"/alice/openalgo/"+WorkName, 0o755))
			must(t, os.WriteFile(home+"/alice/openalgo/"+WorkName+"/state.json", nil, 0o600))
			must(t, os.Chown(home+"/alice", testuser.Alice, testuser.Alice))
			return home + "/alice/openalgo"
		}, "sudo mv -T "},
		"her own, in hers": {func(home string) string {
			must(t, os.MkdirAll(home+"/alice/openalgo/"+WorkName, 0o755))
			must(t, os.WriteFile(home+"/alice/openalgo/"+WorkName+"/state.json", nil, 0o600))
			for _, path := range []string{"", "/openalgo", "/openalgo/" + WorkName, "/openalgo/" + WorkName + "/state.json"} {
				must(t, os.Chown(home+"/alice"+path, testuser.Alice, testuser.Alice))
			}
			return home + "/alice/openalgo"
		}, "without sudo. Only an upgrade"},
		"an instance that was given to her": {func(home string) string {
			must(t, os.MkdirAll(home+"/openalgo/"+WorkName, 0o755))
			must(t, os.WriteFile(home+"/openalgo/"+WorkName+"/state.json", nil, 0o600))
			must(t, os.Chown(home+"/openalgo", testuser.Alice, testuser.Alice))
			return home + "/openalgo"
		}, "sudo chown -R root:root "},
		"to be made below hers": {func(home string) string {
			must(t, os.Mkdir(home+"/alice", 0o755))
			must(t, os.Chown(home+"/alice", testuser.Alice, testuser.Alice))
			return home + "/alice/openalgo"
		}, "without sudo"},
		"open to all": {func(home string) string {
			must(t, os.Mkdir(home+"/openalgo", 0o755))
			must(t, os.Chmod(home+"/openalgo", 0o777|os.ModeSticky))
			return home + "/openalgo"
		}, "sudo chmod go-w"},
		"below one open to all": {func(home string) string {
			must(t, os.MkdirAll(home+"/open/openalgo", 0o755))
			must(t, os.Chmod(home+"/open", 0o777))
			return home + "/open/openalgo"
		}, "sudo chmod go-w"},
		"below a sticky one": {func(home string) string {
			must(t, os.MkdirAll(home+"/open/openalgo", 0o755))
			must(t, os.Chmod(home+"/open", 0o777|os.ModeSticky))
			return home + "/open/openalgo"
		}, ""},
		"her link to root's": {func(home string) string {
			must(t, os.Mkdir(home+"/real", 0o755))
			must(t, os.Symlink("real", home+"/link"))
			must(t, os.Lchown(home+"/link", testuser.Alice, testuser.Alice))
			return home + "/link"
		}, "is a link that belongs to"},
		"root's link to root's": {func(home string) string {
			must(t, os.Mkdir(home+"/real", 0o755))
			must(t, os.Symlink(home+"/real", home+"/link"))
			return home + "/link"
		}, ""},
		"root's link to hers": {func(home string) string {
			must(t, os.Mkdir(home+"/real", 0o755))
			must(t, os.Chown(home+"/real", testuser.Alice, testuser.Alice))
			must(t, os.Symlink("../"+filepath.Base(home)+"/real", home+"/link"))
			return home + "/link"
		}, "sudo chown root:root"},
		"a work directory of hers": {func(home string) string {
			must(t, os.MkdirAll(home+"/openalgo/"+WorkName, 0o755))
			must(t, os.Chown(home+"/openalgo/"+WorkName, testuser.Alice, testuser.Alice))
			return home + "/openalgo"
		}, "sudo chown root:root"},
		"a link for a work directory": {func(home string) string {
			must(t, os.Mkdir(home+"/openalgo", 0o755))
			must(t, os.Symlink("/etc", home+"/openalgo/"+WorkName))
			return home + "/openalgo"
		}, "is not a directory"},
	} {
		dir := test.make(t.TempDir())
		_, err := Open(dir)
		switch {
		case test.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.says != "" && (err == nil || finding.KindOf(err) != finding.HostNotReady || !strings.Contains(finding.Prompt{}.Text(err), test.says)):
			t.Errorf("%s: %s, %v", name, finding.KindOf(err), err)
		}
	}
}

// What was planted as a link, a pipe or another user's is not opened.
func TestPlantedFilesAreNotOpened(t *testing.T) {
	for name, plant := range map[string]func(path, victim string) error{
		"a link": func(path, victim string) error { return os.Symlink(victim, path) },
		"a pipe": func(path, _ string) error { return unix.Mkfifo(path, 0o600) },
		"another's": func(path, _ string) error {
			return errors.Join(os.WriteFile(path, []byte("{}"), 0o600), os.Chown(path, testuser.Alice, testuser.Alice))
		},
		"a whole disk": func(path, _ string) error {
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 1<<40))
		},
	} {
		if name == "another's" && os.Geteuid() != 0 {
			continue
		}
		d := Dir(t.TempDir())
		_, err := d.Create()
		must(t, err)
		victim := filepath.Join(t.TempDir(), "victim")
		must(t, os.WriteFile(victim, []byte("{}"), 0o644))
		for _, file := range []string{"lock", "log", "journal.json", "state.json"} {
			must(t, plant(d.Work(file), victim))
		}
		if _, err := Load[map[string]string](d, JournalName); err == nil {
			t.Errorf("%s: the journal is read", name)
		}
		if _, err := d.LoadState(); err == nil {
			t.Errorf("%s: the state is read", name)
		}
		if name == "a whole disk" {
			continue
		}
		if l, _, err := d.TryLock(); err == nil {
			l.Release()
			t.Errorf("%s: the lock is taken", name)
		}
		if _, err := d.Log("x", asIs, quiet, func(event.Reporter) (event.Result, error) { return event.Result{}, nil }); err == nil {
			t.Errorf("%s: the log is written", name)
		}
		if text, _ := os.ReadFile(victim); string(text) != "{}" {
			t.Errorf("%s: the victim reads %q", name, text)
		}
	}
}

// What is said to a user whose OpenAlgo is in a directory of their own: done,
// root may work on it.
func TestHandOver(t *testing.T) {
	testuser.Root(t)
	home := t.TempDir()
	given := func(dir string, owned ...string) string {
		must(t, os.MkdirAll(filepath.Join(dir, WorkName), 0o755))
		for _, name := range []string{WorkName + "/state.json", "docker-compose.yaml", "openalgo-install.yaml"} {
			must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
		}
		for _, path := range append(owned, dir, filepath.Join(dir, WorkName), filepath.Join(dir, WorkName, "state.json")) {
			must(t, os.Chown(path, testuser.Alice, testuser.Alice))
		}
		return dir
	}
	must(t, os.Mkdir(home+"/alice", 0o755))
	for name, dir := range map[string]string{"in hers": given(home+"/alice/a", home+"/alice"), "hers": given(home + "/b")} {
		text, to := WithRoot(dir), dir
		if name == "in hers" {
			to = home + "/moved"
			text = strings.ReplaceAll(text, placeFor(dir, home+"/alice"), to)
		}
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if command, ok := strings.CutPrefix(line, "sudo "); ok && !strings.Contains(command, "start") {
				if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
					t.Fatalf("%s: %s: %v\n%s", name, command, err, out)
				}
			}
		}
		if err := Trusted(to); err != nil {
			t.Errorf("%s: %v\nafter\n%s", name, err, text)
		}
		if way := WithRoot(to); way != "Run the same command with sudo." {
			t.Errorf("%s: %s", name, way)
		}
	}
}
