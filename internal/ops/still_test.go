package ops_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

// scratch are the copies that a backup has left.
func (b *box) scratch() []string {
	found, _ := filepath.Glob(filepath.Join(b.dir, instance.WorkName) + "/.*check-*")
	return found
}

// archived is a file of the data, as a backup has it.
func (b *box) archived(file, name string) string {
	b.t.Helper()
	a, err := backup.Open(b.t.Context(), file, backup.Key{})
	must(b.t, err)
	to := b.t.TempDir()
	trees := map[string]string{}
	for _, t := range a.Manifest.Trees {
		trees[t.Name] = filepath.Join(to, t.Name)
		must(b.t, os.Mkdir(trees[t.Name], 0o700))
	}
	must(b.t, a.Extract(b.t.Context(), trees))
	text, err := os.ReadFile(filepath.Join(to, name))
	must(b.t, err)
	return string(text)
}

// A backup does not stop OpenAlgo, and has what was written up to the freeze.
func TestBackupWithoutAStop(t *testing.T) {
	t.Parallel()
	b := withTrades(t)
	before := b.container()
	late := filepath.Join(b.place(openalgo.DB), "late")
	must(t, os.WriteFile(late, []byte("early"), 0o600))
	b.at("pause", func() { must(t, os.WriteFile(late, []byte("until the freeze"), 0o600)) })
	result, err := b.session().Do(t.Context(), ops.Backup(ops.BackupOptions{}))
	must(t, err)
	last := backup.LoadLast(instance.Dir(b.dir))
	if now := b.container(); now.State != "running" || !now.StartedAt.Equal(before.StartedAt) || last.DownSeconds != 0 {
		t.Errorf("it was stopped: %+v, %+v", now, last)
	}
	if got := b.archived(last.File, "db/late"); got != "until the freeze" {
		t.Errorf("the backup has %q", got)
	}
	if left := b.scratch(); len(left) > 0 || b.journal() || !strings.Contains(result.Message, "was frozen for") {
		t.Errorf("%q, %q", left, result.Message)
	}
}

// Where Docker does not freeze it, OpenAlgo is stopped, as it was before there was
// anything else.
func TestBackupThatCannotFreeze(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(b *box, s *ops.Session){
		"refused":  func(b *box, _ *ops.Session) { b.docker.NoFreeze = 100 },
		"no guard": func(_ *box, s *ops.Session) { s.Guard = nil },
		"thawed by another": func(b *box, _ *ops.Session) {
			b.at("paused", func() { must(b.t, b.docker.Unpause(b.t.Context(), b.container().ID)) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := withTrades(t)
			before := b.container().StartedAt
			s := b.session()
			prepare(b, s)
			result, err := s.Do(t.Context(), ops.Backup(ops.BackupOptions{}))
			must(t, err)
			if now := b.container(); now.State != "running" || now.StartedAt.Equal(before) || !strings.Contains(result.Message, "was down for") {
				t.Errorf("%+v, %q", now, result.Message)
			}
			if len(b.archives()) != 1 || len(b.scratch()) != 0 {
				t.Errorf("%v, %v", b.archives(), b.scratch())
			}
		})
	}
}

// A frozen backup that fails, is cancelled or is killed leaves OpenAlgo running,
// at the latest with the next command.
func TestFrozenBackupThatEnds(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"pause", "paused", "unpause", "unpaused"} {
		t.Run("killed at "+point, func(t *testing.T) {
			t.Parallel()
			b := withTrades(t)
			before := b.container().StartedAt
			b.at(point, func() { panic(killed{}) })
			func() {
				defer func() { _ = recover() }()
				_, _ = b.session().Do(t.Context(), ops.Backup(ops.BackupOptions{}))
			}()
			if !b.journal() {
				t.Fatal("no journal says that it was frozen")
			}
			if _, err := b.session().Recover(t.Context()); err != nil {
				t.Error(err)
			}
			if now := b.container(); now.State != "running" || !now.StartedAt.Equal(before) || b.journal() || len(b.scratch()) != 0 || len(b.archives()) != 0 {
				t.Errorf("%+v, a journal: %v, %v, %v", now, b.journal(), b.scratch(), b.archives())
			}
		})
		t.Run("cancelled at "+point, func(t *testing.T) {
			t.Parallel()
			b := withTrades(t)
			ctx, cancel := context.WithCancel(t.Context())
			b.at(point, cancel)
			_, err := b.session().Do(ctx, ops.Backup(ops.BackupOptions{}))
			if finding.KindOf(err) != finding.Cancelled || b.container().State != "running" || b.journal() || len(b.archives()) != 0 || len(b.scratch()) != 0 {
				t.Errorf("%v; %s, a journal: %v, %v", err, b.container().State, b.journal(), b.archives())
			}
		})
	}
	b := withTrades(t)
	before := b.read(".env")
	b.at("paused", func() {
		must(t, os.WriteFile(filepath.Join(b.dir, ".env"), []byte(strings.ReplaceAll(before, "API_KEY_PEPPER", "NO_KEY_PEPPER")), 0o600))
	})
	_, err := b.session().Do(t.Context(), ops.Backup(ops.BackupOptions{}))
	if err == nil || finding.KindOf(err) == finding.Broken || len(b.archives()) != 0 || b.container().State != "running" || len(b.scratch()) != 0 {
		t.Errorf("%v; %v, %s", err, b.archives(), b.container().State)
	}
}

// A container that somebody froze is thawed by `start` and by each command that needs
// it to run, and stopped by what stops it.
func TestFrozenContainer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		command ops.Command
		state   string
	}{
		"start":  {ops.Start(), "running"},
		"backup": {ops.Backup(ops.BackupOptions{}), "running"},
		"set":    {set("LOG_LEVEL", "DEBUG"), "running"},
		"stop":   {ops.Stop(), "exited"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := withTrades(t)
			must(t, b.docker.Pause(t.Context(), b.container().ID))
			if _, err := b.session().Do(t.Context(), c.command); err != nil {
				t.Fatal(err)
			}
			if now := b.container(); now.State != c.state {
				t.Errorf("it is %s", now.State)
			}
		})
	}
}
