package ops_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

// restore is the command that restores a file.
func (b *box) restore(file, image string) ops.Command {
	b.t.Helper()
	r, err := b.session().OpenBackup(b.t.Context(), file, backup.Key{})
	must(b.t, err)
	return ops.Restore(r, image)
}

func TestRestore(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	key := b.env("API_KEY_PEPPER")
	file := b.backup(ops.BackupOptions{})
	b.do(set("LOG_LEVEL", "DEBUG"))
	b.trades("newer")

	p, err := b.session().Plan(t.Context(), b.restore(file, ""))
	must(t, err)
	if p.Empty() || b.traded() != "newer" {
		t.Error("a plan restores")
	}
	b.asked = nil
	if r := b.do(b.restore(file, "")); !r.Changed || b.traded() != "some" || b.env("LOG_LEVEL") != "INFO" || b.env("API_KEY_PEPPER") != key {
		t.Errorf("%+v: %q, LOG_LEVEL %s", r, b.traded(), b.env("LOG_LEVEL"))
	}
	if !slices.ContainsFunc(b.asked, func(a plan.Ask) bool { return a.Kind == plan.AskReplace }) {
		t.Errorf("nobody was asked whether the data may be replaced: %v", b.asked)
	}
	kept, _ := filepath.Glob(filepath.Join(b.dir, instance.WorkName, instance.Replaced, "*", "trades.db"))
	if len(kept) != 1 || b.container().State != "running" || b.journal() {
		t.Errorf("%v is kept of what was replaced; %s", kept, b.container().State)
	}
}

// A host that has only the backup, and none of what is in it.
func TestRestoreOnFreshHost(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	key, keep := b.env("API_KEY_PEPPER"), filepath.Join(t.TempDir(), "b.tar.zst")
	b.backup(ops.BackupOptions{To: keep})
	b.do(ops.Uninstall(ops.RemovalOptions{Purge: true}))
	b.hangUp()
	b.do(b.restore(keep, ""))
	if b.traded() != "some" || b.env("API_KEY_PEPPER") != key || b.container().State != "running" {
		t.Errorf("%q, %+v", b.traded(), b.container())
	}
}

// A second one beside the first gets ports of its own, and the same data.
func TestRestoreElsewhere(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	file, was := b.backup(ops.BackupOptions{}), b.container().ID
	b.dir += "-test"
	c := b.restore(file, "")
	if r := b.do(c); !r.Changed || b.container().ID != was || b.container().State != "running" {
		t.Errorf("%+v, %+v", r, b.container())
	}
	all, err := b.docker.Containers(t.Context())
	must(t, err)
	if len(all) != 2 || !b.said("same broker credentials") {
		t.Errorf("%+v", all)
	}
}

func TestRestoreThatFails(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	file := b.backup(ops.BackupOptions{})
	b.do(set("LOG_LEVEL", "DEBUG"))
	b.trades("newer")
	b.failsOnce()
	if _, err := b.session().Do(t.Context(), b.restore(file, "")); finding.KindOf(err) != finding.RolledBack {
		t.Errorf("%v", err)
	}
	if b.traded() != "newer" || b.env("LOG_LEVEL") != "DEBUG" || b.container().State != "running" || b.journal() {
		t.Errorf("%q, LOG_LEVEL %s, %s", b.traded(), b.env("LOG_LEVEL"), b.container().State)
	}
}

func TestRestoreRefused(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	open := func(file string) error {
		_, err := b.session().OpenBackup(t.Context(), file, backup.Key{})
		return err
	}
	if err := open(filepath.Join(b.dir, "none")); finding.IDOf(err) != "backup-missing" || finding.KindOf(err) != finding.Usage {
		t.Errorf("%v", err)
	}
	if err := open(filepath.Join(b.dir, ".env")); finding.IDOf(err) != "backup-unusable" || finding.KindOf(err) != finding.Usage {
		t.Errorf("%v", err)
	}
	file := b.backup(ops.BackupOptions{})
	text, err := os.ReadFile(file)
	must(t, err)
	half := filepath.Join(t.TempDir(), "half")
	must(t, os.WriteFile(half, text[:len(text)/2], 0o600))
	if err := open(half); finding.IDOf(err) != "backup-unusable" {
		t.Errorf("half of a backup: %v", err)
	}
	b.docker.Facts.Local = false
	if err := open(file); finding.IDOf(err) != "engine-elsewhere" {
		t.Errorf("%v", err)
	}
	b.docker.Facts.Local = true

	b.do(ops.Upgrade("2"))
	newer := b.backup(ops.BackupOptions{To: filepath.Join(t.TempDir(), "newer.tar.zst")})
	if _, err := b.session().Do(t.Context(), b.restore(newer, first)); finding.IDOf(err) != "image-older" || b.container().Image != second {
		t.Errorf("an older image: %v; %s runs", err, b.container().Image)
	}
	b.do(b.restore(file, ""))
	if b.container().Image != first {
		t.Errorf("%s runs", b.container().Image)
	}

	theirs := newBox(t)
	theirs.foreign()
	db := filepath.Join(theirs.dir, "db", "openalgo.db")
	before, err := os.ReadFile(db)
	must(t, err)
	if _, err := theirs.session().Do(t.Context(), theirs.restore(file, "")); finding.IDOf(err) != "foreign-stack" {
		t.Errorf("another tool's: %v", err)
	}
	if now, err := os.ReadFile(db); err != nil || string(now) != string(before) {
		t.Errorf("its data was changed: %v", err)
	}
}
