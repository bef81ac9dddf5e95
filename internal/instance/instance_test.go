package instance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
)

var quiet = event.ReporterFunc(func(event.Event) {})

func asIs(text string) string { return text }

func created(t *testing.T) Dir {
	t.Helper()
	d := Dir(filepath.Join(t.TempDir(), "openalgo"))
	if made, err := d.Create(); err != nil || !made {
		t.Fatal(made, err)
	}
	return d
}

func TestADirectoryHasOneName(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	must(t, os.Mkdir(base+"/real", 0o755))
	must(t, os.Symlink("real", base+"/link"))
	for dir, want := range map[string]string{base + "/link": "/real", base + "/link/not/yet": "/real/not/yet", base + "/real/": "/real"} {
		if got, err := Abs(dir); err != nil || got != base+want {
			t.Errorf("%s: %s, %v", dir, got, err)
		}
	}
}

func TestHolds(t *testing.T) {
	t.Parallel()
	d := Dir("/srv/openalgo")
	for path, want := range map[string]bool{
		d.Work("snapshot/db"): true, d.Work("") + "/../x": false, d.Work(""): false, "/etc/passwd": false, WorkName + "/x": false,
	} {
		if d.Holds(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}

func TestWhatIsUnusedGoes(t *testing.T) {
	t.Parallel()
	for name, stays := range map[string]bool{"": false, ".env": true, WorkName + "/state.json": true, WorkName + "/log": false, WorkName + "/lock": false} {
		d := created(t)
		if name != "" {
			must(t, os.WriteFile(d.Path(name), nil, 0o600))
		}
		RemoveIfUnused(d, true)
		if _, err := os.Stat(string(d)); (err == nil) != stays {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestKeptCopies(t *testing.T) {
	t.Parallel()
	d := Dir(filepath.Join(t.TempDir(), "a[b]"))
	_, err := d.Create()
	must(t, err)
	for i := range keptCopies + 3 {
		old := d.KeptPath(fmt.Sprintf("env.20200101T0000%02d", i))
		must(t, os.WriteFile(old, nil, 0o600))
		must(t, os.Chtimes(old, time.Time{}, time.Now().Add(-2*time.Hour)))
	}
	must(t, os.WriteFile(d.KeptPath("env-other.1"), nil, 0o600))
	fresh, err := Keep(d, EnvName, []byte("x"))
	must(t, err)
	copies, err := Kept(d, EnvName)
	must(t, err)
	if len(copies) != keptCopies || copies[len(copies)-1] != fresh {
		t.Errorf("%d copies, %q", len(copies), copies)
	}
	if info, err := os.Stat(fresh); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if none, err := Kept(d, "absent"); err != nil || none != nil {
		t.Error(none, err)
	}
}

type form3 struct {
	Version int    `json:"version"`
	Word    string `json:"word"`
}

func (*form3) NewestForm() int { return 3 }

func TestLoadAndSave(t *testing.T) {
	t.Parallel()
	d := created(t)
	if got, err := Load[form3](d, "x.json"); got != nil || err != nil {
		t.Error("of none:", got, err)
	}
	must(t, Save(d, "x.json", &form3{Version: 3, Word: "one"}))
	if got, err := Load[form3](d, "x.json"); err != nil || *got != (form3{3, "one"}) {
		t.Error(got, err)
	}
	if info, err := os.Stat(d.Work("x.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	for text, want := range map[string]error{
		`{"word": "of the first form"}`:      nil,
		`{"version": 4, "word": {"new": 1}}`: ErrNewer,
		`{"version": 3, "word": {"new": 1}}`: ErrDamaged,
		"":                                   ErrDamaged,
		"{":                                  ErrDamaged,
	} {
		must(t, os.WriteFile(d.Work("x.json"), []byte(text), 0o600))
		if _, err := Load[form3](d, "x.json"); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	d := created(t)
	if s, err := d.LoadState(); err != nil || s.IsOurs() {
		t.Error("of none:", s, err)
	}
	s := State{Project: "openalgo"}
	s.Begin("salt")
	s.Env["LOG_LEVEL"] = s.Hash("LOG_LEVEL", "INFO")
	must(t, d.SaveState(s))
	got, err := d.LoadState()
	if err != nil || got.Version != stateForm || !got.IsOurs() || !got.Wrote("LOG_LEVEL", "INFO") || got.Wrote("LOG_LEVEL", "DEBUG") || got.Wrote("OTHER", "") {
		t.Error(got, err)
	}
	for text, want := range map[string]string{
		`{"project": "of before"}`:             "",
		`{"version": 1, "project": "of then"}`: "",
		`{"version": 3, "project": "x"}`:       "self-update",
		`{"project"`:                           "remove it",
	} {
		must(t, os.WriteFile(d.Work(stateName), []byte(text), 0o600))
		s, err := d.LoadState()
		switch {
		case want == "" && (err != nil || !s.IsOurs()):
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || finding.KindOf(err) != finding.HostNotReady || !strings.Contains(finding.Prompt{}.Text(err), want)):
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := DecodeState("of a backup", []byte(`{"version": 3}`)); !errors.Is(err, ErrNewer) || finding.IDOf(err) != "newer-release" {
		t.Error(err)
	}
}

func TestKeysOfTheState(t *testing.T) {
	t.Parallel()
	pepper, salt := strings.Repeat("a71e", 16), strings.Repeat("0b", 16)
	env := func(pepper, salt string) *envfile.File {
		file, err := envfile.Parse([]byte("API_KEY_PEPPER = '" + pepper + "'\nFERNET_SALT = '" + salt + "'\n"))
		must(t, err)
		return file
	}
	for name, test := range map[string]struct {
		salt string
		now  *envfile.File
		want string
	}{
		"the same":       {SaltUsed, env(pepper, salt), ""},
		"another pepper": {SaltUsed, env(pepper+"0", salt), "API_KEY_PEPPER"},
		"another salt":   {SaltUsed, env(pepper, salt+"0b"), "FERNET_SALT"},
		"an idle salt":   {SaltIdle, env(pepper, salt+"0b"), ""},
	} {
		s := State{FernetSalt: test.salt}
		s.Begin("salt")
		s.RememberKeys(env(pepper, salt))
		if got := s.OtherKey(test.now); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	if key := (State{}).OtherKey(env(pepper, salt)); key != "" {
		t.Error("nothing known:", key)
	}
}

func TestOneRunAtATime(t *testing.T) {
	t.Parallel()
	d := created(t)
	if ran, err := d.Watch(t.Context(), nil); ran || err != nil || d.WasLocked() {
		t.Error("nobody was here:", ran, err)
	}
	first, err := d.Lock(t.Context(), "upgrade", nil)
	must(t, err)
	if second, holder, err := d.TryLock(); second != nil || holder.PID != os.Getpid() || holder.Command != "upgrade" || time.Since(holder.Since) > time.Minute || err != nil {
		t.Error(second, holder, err)
	}
	said := make(chan string, 10)
	done := make(chan error)
	go func() {
		second, err := d.Lock(t.Context(), "backup", func(line string) { said <- line })
		if err == nil {
			second.Release()
		}
		done <- err
	}()
	if line := <-said; !strings.Contains(line, fmt.Sprintf("another run (upgrade, process %d, since ", os.Getpid())) {
		t.Error(line)
	}
	_, err = d.Log("install", asIs, quiet, func(report event.Reporter) (event.Result, error) {
		report.Report(event.Event{Type: event.TypeNote, Message: "half way"})
		return event.Result{Message: "all done"}, nil
	})
	must(t, err)
	first.Release()
	must(t, <-done)
	close(said)
	lines := ""
	for line := range said {
		lines += line + "\n"
	}
	for _, want := range []string{"install begins", "note: half way", "install ended: all done"} {
		if !strings.Contains(lines, want) {
			t.Errorf("no %q in %s", want, lines)
		}
	}
	if ran, err := d.Watch(t.Context(), nil); ran || err != nil {
		t.Error("it has ended:", ran, err)
	}
}

func TestAWatcherMayGo(t *testing.T) {
	t.Parallel()
	d := created(t)
	held, err := d.Lock(t.Context(), "upgrade", nil)
	must(t, err)
	defer held.Release()
	ctx, cancel := context.WithCancel(t.Context())
	_, err = d.Lock(ctx, "backup", func(string) { cancel() })
	if finding.KindOf(err) != finding.Cancelled {
		t.Error(err)
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	d := created(t)
	var seen int
	hide := func(line string) string { return strings.ReplaceAll(line, "canary", "x") }
	_, err := d.Log("upgrade", hide, event.ReporterFunc(func(event.Event) { seen++ }), func(report event.Reporter) (event.Result, error) {
		report.Report(event.Event{Type: event.TypeStep, Step: "pull", State: event.Started, Message: "Pull canary"})
		report.Report(event.Event{Type: event.TypeStep, Step: "pull", State: event.Done, Seconds: 1.5})
		report.Report(event.Event{Type: event.TypeLog, Message: "a line"})
		report.Report(event.Event{Type: event.TypeProgress, Message: "not kept"})
		return event.Result{}, finding.Named(finding.RolledBack, "x", "it failed")
	})
	if finding.KindOf(err) != finding.RolledBack || seen != 4 {
		t.Error(seen, err)
	}
	text, _ := os.ReadFile(d.Work(logName))
	for _, want := range []string{"Pull x\n", "pull: done (1.5 s)\n", "container: a line\n", "upgrade failed (rolled back): it failed\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if strings.Contains(string(text), "not kept") {
		t.Error("progress is in the log")
	}
}

// deadPID is above every process that the kernel numbers.
const deadPID = "4194305"

func TestTidy(t *testing.T) {
	t.Parallel()
	d := created(t)
	dir, remove, err := EditDir(d)
	must(t, err)
	if filepath.Dir(dir) != filepath.Clean(d.Work("")) {
		t.Errorf("a copy of the keys is in %s", dir)
	}
	for _, name := range []string{"tmp", "snapshot.gone", editPrefix + deadPID + "-1", "snapshot"} {
		must(t, os.MkdirAll(d.Work(name+"/x"), 0o700))
	}
	must(t, os.WriteFile(d.Work(lockName), nil, 0o600))
	Tidy(d)
	var left []string
	entries, _ := os.ReadDir(d.Work(""))
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := fmt.Sprint([]string{"backups", filepath.Base(dir), "lock", "snapshot"}); fmt.Sprint(left) != want {
		t.Errorf("%v is left, want %s", left, want)
	}
	remove()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("it is not removed", err)
	}
	for pid, runs := range map[string]bool{deadPID: false, "1": true, "": false, "x": false, "-1": false, "0": false} {
		if host.ProcessRuns(pid) != runs {
			t.Errorf("process %q: %v", pid, !runs)
		}
	}
}

// What a run under way has open in the work directory stays until its end.
func TestClear(t *testing.T) {
	t.Parallel()
	d := Dir(t.TempDir())
	must(t, Clear(d))
	_, err := d.Create()
	must(t, err)
	for _, name := range []string{"lock", "log", "journal.json", "state.json", "backups/env.1", "snapshot"} {
		must(t, os.WriteFile(d.Work(name), []byte("x"), 0o600))
	}
	must(t, Clear(d))
	var left []string
	entries, err := os.ReadDir(d.Work(""))
	must(t, err)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	log, _ := os.ReadFile(d.Work("log"))
	kept, _ := os.ReadDir(d.Work("backups"))
	if got := strings.Join(left, " "); got != "backups journal.json lock log" || len(kept) > 0 || len(log) > 0 {
		t.Error(got)
	}
}

func TestEnvImage(t *testing.T) {
	t.Parallel()
	d := created(t)
	journal := `{"version": 2, "steps": [{"kind": "file.keep", "step": {"name": ".env"}}, {"kind": "env.write", "step": {"image": "sha256:1"}}]}`
	for _, c := range []struct{ name, text, want string }{
		{"", "", ""}, {JournalName, "{", ""}, {JournalName, journal, "sha256:1"},
		{stateName, `{"began": "openalgo", "env_image": "sha256:2"}`, "sha256:2"}, {stateName, `{"image_id": "sha256:3"}`, "sha256:3"},
	} {
		if c.name != "" {
			must(t, os.WriteFile(d.Work(c.name), []byte(c.text), 0o600))
		}
		if got := EnvImage(d); got != c.want {
			t.Errorf("%s %s: %q", c.name, c.text, got)
		}
	}
}
