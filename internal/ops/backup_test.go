package ops_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// withTrades is a box with an OpenAlgo that has an account and a database, which
// SQLite finds whole.
func withTrades(t *testing.T) *box {
	t.Helper()
	b := newBox(t)
	b.account()
	b.do(ops.Install(b.answers(""), 0))
	b.trades("some")
	b.checks("trades.db\tok\nEND\n")
	return b
}

// trades makes a database say something.
func (b *box) trades(text string) {
	b.t.Helper()
	must(b.t, os.WriteFile(filepath.Join(b.place(openalgo.DB), "trades.db"), []byte("SQLite format 3\x00"+text), 0o644))
}

// traded is what that database says.
func (b *box) traded() string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.place(openalgo.DB), "trades.db"))
	must(b.t, err)
	return strings.TrimPrefix(string(text), "SQLite format 3\x00")
}

// checks is what SQLite says of the databases in a backup.
func (b *box) checks(text string) {
	b.docker.Says = func(c engine.Container) string {
		if c.Labels[helper.Label] == "" {
			return ""
		}
		return text
	}
}

func (b *box) archives() []string {
	found, _ := filepath.Glob(backup.Archives(instance.Dir(b.dir)) + "/*")
	return found
}

// backup makes one, which has to go well, and returns its file.
func (b *box) backup(o ops.BackupOptions) string {
	b.t.Helper()
	before := b.archives()
	result, err := b.session().Do(b.t.Context(), ops.Backup(o))
	if err != nil || !result.Changed {
		b.t.Fatalf("%+v, %v", result, err)
	}
	last := backup.LoadLast(instance.Dir(b.dir))
	if last == nil || !last.OK {
		b.t.Fatalf("status would say %+v", last)
	}
	if o.To == "" && len(b.archives()) == len(before) && o.Keep == 0 {
		b.t.Fatal("there is no file")
	}
	return last.File
}

func TestBackup(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	file := b.backup(ops.BackupOptions{})
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if b.container().State != "running" || b.journal() {
		t.Errorf("%+v, a journal: %v", b.container(), b.journal())
	}
	a, err := backup.Open(t.Context(), file, backup.Key{})
	must(t, err)
	if !a.Manifest.Setup || a.Manifest.Image.Ref != first || len(a.SQLite) != 1 || string(a.Files[instance.EnvName]) != b.read(".env") {
		t.Errorf("%+v, %v", a.Manifest, a.SQLite)
	}
	must(t, b.docker.Stop(t.Context(), b.container().ID, 0))
	b.backup(ops.BackupOptions{To: filepath.Join(filepath.Dir(b.dir), "stopped.tar.zst"), Log: true})
	if b.container().State == "running" {
		t.Error("a backup started what was stopped")
	}
}

// Which file was written does not depend on a record, which may be of another run.
func TestBackupNamesItsFile(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	record := filepath.Join(b.dir, ".openalgo-install", "backup.json")
	must(t, os.Mkdir(record, 0o700)) // it cannot be kept
	r, err := b.session().Do(t.Context(), ops.Backup(ops.BackupOptions{}))
	must(t, err)
	if files := b.archives(); len(files) != 1 || filepath.Base(r.Backup) != filepath.Base(files[0]) || r.Unchecked != "" {
		t.Errorf("%q (%q), of %q", r.Backup, r.Unchecked, files)
	}
}

func TestBackupToStream(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	var out bytes.Buffer
	b.backup(ops.BackupOptions{To: "-", Out: &out})
	file := filepath.Join(t.TempDir(), "backup")
	must(t, os.WriteFile(file, out.Bytes(), 0o600))
	if _, err := backup.Open(t.Context(), file, backup.Key{}); err != nil || len(b.archives()) != 0 {
		t.Errorf("%v; %v", err, b.archives())
	}
}

func TestBackupSealed(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	word := secret.New("correct horse battery staple")
	file := b.backup(ops.BackupOptions{Seal: backup.Seal{Passphrase: word}})
	text, err := os.ReadFile(file)
	must(t, err)
	if bytes.Contains(text, []byte(b.env("API_KEY_PEPPER"))) || !strings.HasSuffix(file, ".age") {
		t.Errorf("%s is not encrypted", file)
	}
	if _, err := b.session().OpenBackup(t.Context(), file, backup.Key{}); finding.IDOf(err) != "backup-unreadable" {
		t.Errorf("without a key: %v", err)
	}
	key, err := backup.PassphraseKey(word)
	must(t, err)
	_, err = b.session().OpenBackup(t.Context(), file, key)
	must(t, err)
}

func TestBackupKeepsSome(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	file := b.backup(ops.BackupOptions{})
	name := filepath.Base(file)
	stamp := name[len(name)-len("20060102T150405Z.tar.zst"):]
	old := filepath.Join(filepath.Dir(file), strings.TrimSuffix(name, stamp)+"20250101T000000Z.tar.zst")
	must(t, os.Rename(file, old))
	other := filepath.Join(filepath.Dir(file), "mine.tar.zst")
	must(t, os.WriteFile(other, nil, 0o600))

	b.checks("") // SQLite did not check them
	newer := b.backup(ops.BackupOptions{Keep: 1})
	if last := backup.LoadLast(instance.Dir(b.dir)); last.Unchecked == "" || len(b.archives()) != 3 {
		t.Errorf("an older backup is gone, and the new one is not checked: %+v", last)
	}
	must(t, os.Remove(newer))
	b.checks("trades.db\tok\nEND\n")
	newer = b.backup(ops.BackupOptions{Keep: 1})
	if left := b.archives(); len(left) != 2 || strings.Join(left, " ") != strings.Join([]string{other, newer}, " ") && strings.Join(left, " ") != strings.Join([]string{newer, other}, " ") {
		t.Errorf("%v are left", left)
	}
}

func TestBackupOfDamagedData(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	b.checks("trades.db\tdatabase disk image is malformed\nEND\n")
	_, err := b.session().Do(t.Context(), ops.Backup(ops.BackupOptions{Keep: 1}))
	if finding.IDOf(err) != "data-damaged" || finding.KindOf(err) != finding.Failed || len(b.archives()) != 1 {
		t.Errorf("%v; %v", err, b.archives())
	}
	if last := backup.LoadLast(instance.Dir(b.dir)); last == nil || last.OK {
		t.Errorf("status would say %+v", last)
	}
}

// What was read is kept where OpenAlgo does not start again: it may be needed.
func TestBackupThatLeavesItDown(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	b.wait = shortWait
	b.docker.OnStart = func(c engine.Container) {
		b.begin(c)
		b.say("it is broken")
	}
	_, err := b.session().Do(t.Context(), ops.Backup(ops.BackupOptions{Stop: true}))
	if finding.KindOf(err) != finding.Broken || len(b.archives()) != 1 {
		t.Errorf("%v; %v", err, b.archives())
	}
}

// at does something when the engine comes to a point.
func (b *box) at(point string, do func()) {
	b.docker.Hook = func(now string) {
		if now == point {
			b.docker.Hook = nil
			do()
		}
	}
}

func TestBackupThatFails(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	before := b.read(".env")
	b.at("stopped", func() {
		must(t, os.WriteFile(filepath.Join(b.dir, ".env"), []byte(strings.ReplaceAll(before, "API_KEY_PEPPER", "NO_KEY_PEPPER")), 0o600))
	})
	_, err := b.session().Do(t.Context(), ops.Backup(ops.BackupOptions{Stop: true}))
	if finding.KindOf(err) == finding.Broken || err == nil || len(b.archives()) != 0 || b.container().State != "running" {
		t.Errorf("%v; %v, %s", err, b.archives(), b.container().State)
	}
}

func TestBackupCancelled(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.at("stopped", cancel)
	_, err := b.session().Do(ctx, ops.Backup(ops.BackupOptions{Stop: true}))
	if finding.KindOf(err) != finding.Cancelled || len(b.archives()) != 0 || b.container().State != "running" || b.journal() {
		t.Errorf("%v; %v, %s, a journal: %v", err, b.archives(), b.container().State, b.journal())
	}
	if last := backup.LoadLast(instance.Dir(b.dir)); last != nil {
		t.Errorf("it counts: %+v", last)
	}
}

// OpenAlgo that a killed backup left stopped is started by a recover.
func TestBackupKilled(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	b.at("stopped", func() { panic(killed{}) })
	func() {
		defer func() { _ = recover() }()
		_, _ = b.session().Do(t.Context(), ops.Backup(ops.BackupOptions{Stop: true}))
	}()
	if b.container().State == "running" || !b.journal() {
		t.Fatal("it was not killed while OpenAlgo was stopped")
	}
	if run.Unfinished(b.dir) == "" {
		t.Error("status would not say that it was interrupted")
	}
	if r, err := b.session().Recover(t.Context()); err != nil || !r.Changed {
		t.Errorf("%+v, %v", r, err)
	}
	if b.container().State != "running" || b.journal() || len(b.archives()) != 0 {
		t.Errorf("%s, a journal: %v, %v", b.container().State, b.journal(), b.archives())
	}
	if r, err := b.session().Recover(t.Context()); err != nil || r.Changed {
		t.Errorf("again: %+v, %v", r, err)
	}
}

func TestBackupRefused(t *testing.T) {
	t.Parallel()
	there := filepath.Join(t.TempDir(), "there")
	must(t, os.WriteFile(there, nil, 0o600))
	for id, c := range map[string]struct {
		kind    finding.Kind
		options func(*box) ops.BackupOptions
	}{
		"backup-exists":  {finding.Usage, func(*box) ops.BackupOptions { return ops.BackupOptions{To: there} }},
		"flags-conflict": {finding.Usage, func(*box) ops.BackupOptions { return ops.BackupOptions{To: there + "2.tar.zst", Keep: 3} }},
		"backup-inside":  {finding.Usage, func(b *box) ops.BackupOptions { return ops.BackupOptions{To: b.place(openalgo.DB) + "/x"} }},
		"seal-unusable": {finding.Usage, func(*box) ops.BackupOptions {
			return ops.BackupOptions{Seal: backup.Seal{Recipients: []string{"nobody"}}}
		}},
		"engine-elsewhere": {finding.HostNotReady, func(b *box) ops.BackupOptions {
			b.docker.Facts.Local = false
			return ops.BackupOptions{}
		}},
		"answers-missing": {finding.HostNotReady, func(b *box) ops.BackupOptions {
			must(t, os.Remove(filepath.Join(b.dir, instance.AnswersName)))
			return ops.BackupOptions{}
		}},
		"data-missing": {finding.HostNotReady, func(b *box) ops.BackupOptions {
			must(t, os.RemoveAll(b.place(openalgo.DB)))
			must(t, os.Mkdir(b.place(openalgo.DB), 0o755))
			return ops.BackupOptions{}
		}},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			b := withTrades(t)
			began := b.container().StartedAt
			_, err := b.session().Do(t.Context(), ops.Backup(c.options(b)))
			if finding.IDOf(err) != id || finding.KindOf(err) != c.kind {
				t.Errorf("%s (%s): %v", finding.IDOf(err), finding.KindOf(err), err)
			}
			if !b.container().StartedAt.Equal(began) || b.container().State != "running" || len(b.archives()) != 0 {
				t.Error("it was stopped for a backup that is refused")
			}
		})
	}
	b := newBox(t)
	if _, err := b.session().Do(t.Context(), ops.Backup(ops.BackupOptions{})); finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("there is nothing: %v", err)
	}
	if _, err := os.Stat(b.dir); err == nil {
		t.Error("a refused backup leaves a directory")
	}
}

func TestDailyBackupRefused(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	daily := func(clock, to string, command ...string) error {
		_, err := b.session().Do(t.Context(), ops.DailyBackup(ops.DailyOptions{Clock: clock, To: to, Backup: command}))
		return err
	}
	if err := daily("03:30", "/proc/none", "backup"); finding.IDOf(err) != "backup-unwritable" || finding.KindOf(err) != finding.HostNotReady {
		t.Errorf("%v", err)
	}
	for want, err := range map[string]error{
		"schedule-unusable": daily("25:00", "", "backup"),
		"market-open":       daily("10:30", "", "backup"),
	} {
		if finding.IDOf(err) != want || finding.KindOf(err) != finding.Usage {
			t.Errorf("%s: %v", want, err)
		}
	}
	if err := daily("03:30", "", "back up"); finding.IDOf(err) != "schedule-unusable" {
		t.Errorf("%v", err)
	}
	b.docker.Facts.Local = false
	if err := daily("03:30", "", "backup"); finding.IDOf(err) != "engine-elsewhere" {
		t.Errorf("%v", err)
	}
	b.docker.Facts.Local = true
	must(t, os.Remove(filepath.Join(b.dir, instance.AnswersName)))
	if err := daily("03:30", "", "backup"); finding.IDOf(err) != "answers-missing" {
		t.Errorf("%v", err)
	}
	if r, err := b.session().Do(t.Context(), ops.NoDailyBackup()); r.Changed || err != nil {
		t.Errorf("there is none: %+v, %v", r, err)
	}
	record := instance.Dir(b.dir).Work("daily.json")
	must(t, os.WriteFile(record, []byte(`{"clock": "03:30", "files": ["/etc/cron.d/openalgo-backup-none-0"]}`), 0o600))
	if r, err := b.session().Do(t.Context(), ops.NoDailyBackup()); !r.Changed || err != nil {
		t.Errorf("there was one: %+v, %v", r, err)
	}
	if _, err := os.Stat(record); err == nil || b.journal() {
		t.Error("it is not ended, or a journal is left")
	}
}
