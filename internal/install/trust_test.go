package install

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

const alice = 12345 // a user who is not root

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("takes root")
	}
}

func TestADirectoryOfAnotherUserIsRefused(t *testing.T) {
	asRoot(t)
	for name, test := range map[string]struct {
		make func(home string) (dir string)
		says string // "": it is accepted
	}{
		"root's": {func(home string) string { return home + "/openalgo" }, ""},
		"hers": {func(home string) string {
			must(t, os.Mkdir(home+"/openalgo", 0o755))
			must(t, os.Chown(home+"/openalgo", alice, alice))
			return home + "/openalgo"
		}, "sudo chown root:root"},
		"below hers": {func(home string) string {
			must(t, os.MkdirAll(home+"/alice/openalgo", 0o755))
			must(t, os.Chown(home+"/alice", alice, alice))
			return home + "/alice/openalgo"
		}, "without sudo"},
		"installed below hers": {func(home string) string {
			must(t, os.MkdirAll(home+"/alice/openalgo/"+workName, 0o755))
			must(t, os.WriteFile(home+"/alice/openalgo/"+workName+"/state.json", nil, 0o600))
			must(t, os.Chown(home+"/alice", alice, alice))
			return home + "/alice/openalgo"
		}, "sudo mv -T "},
		"her own, in hers": {func(home string) string {
			must(t, os.MkdirAll(home+"/alice/openalgo/"+workName, 0o755))
			must(t, os.WriteFile(home+"/alice/openalgo/"+workName+"/state.json", nil, 0o600))
			for _, path := range []string{"", "/openalgo", "/openalgo/" + workName, "/openalgo/" + workName + "/state.json"} {
				must(t, os.Chown(home+"/alice"+path, alice, alice))
			}
			return home + "/alice/openalgo"
		}, "without sudo. Only an upgrade"},
		"an instance that was given to her": {func(home string) string {
			must(t, os.MkdirAll(home+"/openalgo/"+workName, 0o755))
			must(t, os.WriteFile(home+"/openalgo/"+workName+"/state.json", nil, 0o600))
			must(t, os.Chown(home+"/openalgo", alice, alice))
			return home + "/openalgo"
		}, "sudo chown -R root:root "},
		"to be made below hers": {func(home string) string {
			must(t, os.Mkdir(home+"/alice", 0o755))
			must(t, os.Chown(home+"/alice", alice, alice))
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
			must(t, os.Lchown(home+"/link", alice, alice))
			return home + "/link"
		}, "is a link that belongs to"},
		"root's link to root's": {func(home string) string {
			must(t, os.Mkdir(home+"/real", 0o755))
			must(t, os.Symlink(home+"/real", home+"/link"))
			return home + "/link"
		}, ""},
		"root's link to hers": {func(home string) string {
			must(t, os.Mkdir(home+"/real", 0o755))
			must(t, os.Chown(home+"/real", alice, alice))
			must(t, os.Symlink("../"+filepath.Base(home)+"/real", home+"/link"))
			return home + "/link"
		}, "sudo chown root:root"},
		"a work directory of hers": {func(home string) string {
			must(t, os.MkdirAll(home+"/openalgo/"+workName, 0o755))
			must(t, os.Chown(home+"/openalgo/"+workName, alice, alice))
			return home + "/openalgo"
		}, "sudo chown root:root"},
		"a link for a work directory": {func(home string) string {
			must(t, os.Mkdir(home+"/openalgo", 0o755))
			must(t, os.Symlink("/etc", home+"/openalgo/"+workName))
			return home + "/openalgo"
		}, "is not a directory"},
	} {
		dir := test.make(t.TempDir())
		_, err := New(dir, nil, sizing.Machine{}, event.ReporterFunc(func(event.Event) {}))
		switch {
		case test.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.says != "" && (err == nil || finding.KindOf(err) != finding.HostNotReady || !strings.Contains(err.Error(), test.says)):
			t.Errorf("%s: exit %d, %v", name, finding.KindOf(err), err)
		}
	}
}

// What was planted as a link, a pipe or another user's is not opened.
func TestPlantedFilesAreNotOpened(t *testing.T) {
	for name, plant := range map[string]func(path, victim string) error{
		"a link": func(path, victim string) error { return os.Symlink(victim, path) },
		"a pipe": func(path, _ string) error { return unix.Mkfifo(path, 0o600) },
		"another's": func(path, _ string) error {
			return errors.Join(os.WriteFile(path, []byte("{}"), 0o600), os.Chown(path, alice, alice))
		},
		"a whole disk": func(path, _ string) error {
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 1<<40))
		},
	} {
		if name == "another's" && os.Geteuid() != 0 {
			continue
		}
		w := workdir{t.TempDir()}
		_, err := w.create()
		must(t, err)
		victim := filepath.Join(t.TempDir(), "victim")
		must(t, os.WriteFile(victim, []byte("{}"), 0o644))
		for _, file := range []string{"lock", "log", "journal.json", "state.json"} {
			must(t, plant(w.path(file), victim))
		}
		if _, err := w.readJournal(); err == nil {
			t.Errorf("%s: the journal is read", name)
		}
		if _, err := w.readState(); err == nil {
			t.Errorf("%s: the state is read", name)
		}
		if name == "a whole disk" {
			continue
		}
		if l, _, err := w.tryLock(); err == nil {
			l.release()
			t.Errorf("%s: the lock is taken", name)
		}
		in := &Installer{work: w, Report: event.ReporterFunc(func(event.Event) {})}
		if _, err := in.logged("x", func() (event.Result, error) { return event.Result{}, nil }); err == nil {
			t.Errorf("%s: the log is written", name)
		}
		if text, _ := os.ReadFile(victim); string(text) != "{}" {
			t.Errorf("%s: the victim reads %q", name, text)
		}
	}
}

// A journal names no place where a run of this program has nothing.
func TestAJournalThatIsNotOurs(t *testing.T) {
	w := workdir{t.TempDir()}
	_, err := w.create()
	must(t, err)
	sound := journal{
		Files:    []fileChange{{Name: ".env", Backup: w.path("backups/env.1")}, {Name: "docker-compose.yaml"}},
		Snapshot: &snapshot{Data: "/var/lib/docker/volumes/x/_data", Copy: w.path("snapshot/db"), Whole: true},
		Edge:     &edgeChange{Files: []fileChange{{Name: "/opt/openalgo-edge/caddy/sites/a.caddy"}, {Name: "/etc/nginx/conf.d/openalgo.conf"}}},
		Aside:    []string{"compose.yaml"},
	}
	for name, change := range map[string]func(*journal){
		"":                       func(*journal) {},
		"a file elsewhere":       func(j *journal) { j.Files[0].Name = "../../etc/passwd" },
		"an absolute name":       func(j *journal) { j.Files[0].Name = "/etc/passwd" },
		"a backup elsewhere":     func(j *journal) { j.Files[0].Backup = "/etc/shadow" },
		"a backup that leads up": func(j *journal) { j.Files[0].Backup = w.path("backups") + "/../../x" },
		"a copy elsewhere":       func(j *journal) { j.Snapshot.Copy = "/home/alice/planted" },
		"a copy that leads up":   func(j *journal) { j.Snapshot.Copy = w.path("snapshot") + "/../../../planted" },
		"data at the root":       func(j *journal) { j.Replaced = []snapshot{{Data: "/", Copy: w.path("snapshot/db")}} },
		"data of a relative dir": func(j *journal) { j.Snapshot.Data = "etc/cron.d" },
		"a job for cron":         func(j *journal) { j.Edge.Files[0].Name = "/etc/cron.d/x" },
		"a site to be removed":   func(j *journal) { j.Edge.Gone = []string{"/etc/passwd"} },
		"cron's to give away":    func(j *journal) { j.Owners = []ownerChange{{Dir: "/etc/cron.d", Name: "x", UID: alice}} },
		"owners that lead up":    func(j *journal) { j.Owners = []ownerChange{{Dir: "/srv/data", Name: "../../etc/passwd", UID: alice}} },
		"another file's name":    func(j *journal) { j.Aside = []string{"../../x"} },
	} {
		var j journal
		text, err := json.Marshal(sound)
		must(t, err)
		must(t, json.Unmarshal(text, &j))
		j.work = w
		change(&j)
		must(t, j.save())
		got, err := w.readJournal()
		if name == "" && (err != nil || got == nil) {
			t.Errorf("a sound one: %v", err)
		}
		if name != "" && finding.KindOf(err) != finding.HostNotReady {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyUnitsOfADailyBackup(t *testing.T) {
	for path, want := range map[string]bool{
		"/etc/cron.d/openalgo-backup-openalgo":                   true,
		"/etc/systemd/system/openalgo-backup-openalgo.service":   true,
		"/etc/systemd/system/openalgo-backup-opt-openalgo.timer": true,
		"/etc/passwd": false,
		"/etc/cron.d/openalgo-backup-x/../anacron": false,
		"/etc/systemd/system/sshd.service":         false,
		"etc/cron.d/openalgo-backup-x":             false,
	} {
		if got := isBackupUnit(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// What is said to a user whose OpenAlgo is in a directory of their own: done,
// root may work on it.
func TestHandOver(t *testing.T) {
	asRoot(t)
	home := t.TempDir()
	instance := func(dir string, owned ...string) string {
		must(t, os.MkdirAll(filepath.Join(dir, workName), 0o755))
		for _, name := range []string{workName + "/state.json", "docker-compose.yaml", "openalgo-install.yaml"} {
			must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
		}
		for _, path := range append(owned, dir, filepath.Join(dir, workName), filepath.Join(dir, workName, "state.json")) {
			must(t, os.Chown(path, alice, alice))
		}
		return dir
	}
	must(t, os.Mkdir(home+"/alice", 0o755))
	for name, dir := range map[string]string{"in hers": instance(home+"/alice/a", home+"/alice"), "hers": instance(home + "/b")} {
		text, to := withRoot(dir), dir
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
		if err := trusted(to); err != nil {
			t.Errorf("%s: %v\nafter\n%s", name, err, text)
		}
		if way := withRoot(to); way != "Run the same command with sudo." {
			t.Errorf("%s: %s", name, way)
		}
	}
}
