package ops_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/draft"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

func purge() ops.Command { return ops.Uninstall(ops.RemovalOptions{Purge: true}) }

// things counts what Docker has.
func (b *box) things() (containers, volumes, networks int) {
	b.t.Helper()
	c, err := b.docker.Containers(b.t.Context())
	must(b.t, err)
	v, err := b.docker.Volumes(b.t.Context())
	must(b.t, err)
	n, err := b.docker.Networks(b.t.Context())
	must(b.t, err)
	return len(c), len(v), len(n)
}

func (b *box) hasDir() bool {
	_, err := os.Stat(b.dir)
	return !errors.Is(err, os.ErrNotExist)
}

func TestUninstall(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	key, before := b.env("API_KEY_PEPPER"), b.container().ID
	p, err := b.session().Plan(t.Context(), ops.Uninstall(ops.RemovalOptions{}))
	must(t, err)
	if p.Empty() || b.container().ID != before {
		t.Error("a plan removes")
	}
	if r := b.do(ops.Uninstall(ops.RemovalOptions{})); !r.Changed {
		t.Errorf("%+v", r)
	}
	if c, v, n := b.things(); c != 0 || n != 0 || v == 0 || b.env("API_KEY_PEPPER") != key || b.journal() {
		t.Errorf("%d containers, %d volumes, %d networks; a journal: %v", c, v, n, b.journal())
	}
	if r := b.do(ops.Uninstall(ops.RemovalOptions{})); r.Changed {
		t.Errorf("again: %+v", r)
	}
	b.hangUp()
	if b.do(ops.Start()); b.traded() != "some" || b.env("API_KEY_PEPPER") != key {
		t.Errorf("a start brings back %q", b.traded())
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	kept := b.backup(ops.BackupOptions{})
	b.do(purge())
	if c, v, n := b.things(); c+v+n != 0 || b.hasDir() {
		t.Errorf("%d containers, %d volumes, %d networks; a directory: %v", c, v, n, b.hasDir())
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("the backup is gone: %v", err)
	}
	if r := b.do(purge()); r.Changed || b.hasDir() {
		t.Errorf("again: %+v", r)
	}
	b.hangUp()
	b.do(ops.Install(b.answers(""), 0))
}

// Answers that were given to the wizard and never used may hold secrets: a purge
// removes them, where nothing is installed as well.
func TestPurgeRemovesTheDraft(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	b := newBox(t)
	for _, installed := range []bool{true, false} {
		if installed {
			b.do(ops.Install(b.answers(""), 0))
		}
		kept := draft.For(b.dir)
		kept.Keep(map[string]string{"broker.api_secret": "s3cret"})
		if err := kept.Flush(); err != nil || kept.Kept() == "" {
			t.Fatalf("%q: %v", kept.Kept(), err)
		}
		if r := b.do(purge()); !r.Changed || kept.Kept() != "" {
			t.Errorf("installed %v: %+v; %q stays", installed, r, kept.Kept())
		}
	}
}

func TestPurgeOfDirectories(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.do(ops.Install(b.answers("volumes: bind\n"), 0))
	if b.place(openalgo.DB) != filepath.Join(b.dir, "db") {
		t.Fatalf("the data is in %s", b.place(openalgo.DB))
	}
	b.do(purge())
	if c, v, n := b.things(); c+v+n != 0 || b.hasDir() {
		t.Errorf("%d containers, %d volumes, %d networks; a directory: %v", c, v, n, b.hasDir())
	}
}

func TestUninstallRefused(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.foreign()
	for _, c := range []ops.Command{purge(), ops.Uninstall(ops.RemovalOptions{})} {
		if _, err := b.session().Do(t.Context(), c); finding.IDOf(err) != "foreign-stack" || finding.KindOf(err) != finding.HostNotReady {
			t.Errorf("another tool's: %v", err)
		}
	}
	if c, _ := b.docker.Container(t.Context(), "mine"); c.State != "running" || b.env("API_KEY_PEPPER") == "" {
		t.Errorf("%+v", c)
	}
}

// A purge that Docker ends in the middle keeps the keys, and is not gone on with
// by itself.
func TestPurgeThatFails(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	b.at("removed", func() {
		volume, err := b.docker.Volumes(t.Context())
		must(t, err)
		_, err = b.docker.Create(t.Context(), engine.ContainerSpec{Name: "other", Config: engine.Config{Image: first},
			Mounts: []engine.Mount{{Type: "volume", Source: volume[len(volume)-1].Name, Target: "/data"}}})
		must(t, err)
	})
	if _, err := b.session().Do(t.Context(), purge()); finding.IDOf(err) != "not-removed" || finding.KindOf(err) != finding.Failed {
		t.Errorf("%v", err)
	}
	if b.env("API_KEY_PEPPER") == "" {
		t.Error("the keys are gone, and data is left")
	}
	other, err := b.docker.Container(t.Context(), "other")
	must(t, err)
	must(t, b.docker.Remove(t.Context(), other.ID))
	b.do(purge())
	if c, v, n := b.things(); c+v+n != 0 || b.hasDir() {
		t.Errorf("%d containers, %d volumes, %d networks; a directory: %v", c, v, n, b.hasDir())
	}
}

// A purge needs nothing of a journal that nobody can read.
func TestPurgeOverADamagedJournal(t *testing.T) {
	t.Parallel()
	b := installed(t)
	must(t, instance.Own(b.dir).Write(instance.JournalName, []byte("{")))
	if _, err := b.session().Do(t.Context(), ops.Uninstall(ops.RemovalOptions{})); finding.IDOf(err) != "journal-damaged" {
		t.Errorf("an uninstall: %v", err)
	}
	b.do(purge())
	if c, v, n := b.things(); c+v+n != 0 || b.hasDir() {
		t.Errorf("%d containers, %d volumes, %d networks; a directory: %v", c, v, n, b.hasDir())
	}
}
