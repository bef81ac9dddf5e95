package ops_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/downtime"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

type killed struct{}

// killed carries a command out, and ends it at one call of Docker; it reports
// whether there were as many.
func (b *box) killed(at int, c ops.Command) (was bool) {
	b.t.Helper()
	calls := 0
	b.docker.Hook = func(string) {
		if calls++; calls == at {
			panic(killed{})
		}
	}
	defer func() {
		b.docker.Hook = nil
		if p := recover(); p != nil {
			if _, was = p.(killed); !was {
				panic(p)
			}
		}
	}()
	b.do(c)
	return false
}

// eachKill tries every so many calls of Docker, some side by side, until there are
// no more; try reports whether there was that one.
func eachKill(t *testing.T, every int, try func(t *testing.T, at int) bool) {
	t.Helper()
	const together = 4
	var over atomic.Bool
	for begin := 1; !over.Load() && !t.Failed(); begin += together * every {
		t.Run(fmt.Sprintf("from %d", begin), func(t *testing.T) {
			for i := range together {
				at := begin + i*every
				t.Run(fmt.Sprint(at), func(t *testing.T) {
					t.Parallel()
					if !try(t, at) {
						over.Store(true)
					}
				})
			}
		})
	}
}

// A run that was killed at any call of Docker is finished or undone by the next.
func TestKilled(t *testing.T) {
	t.Parallel()
	eachKill(t, 11, func(t *testing.T, at int) bool {
		b := installed(t)
		if !b.killed(at, set("LOG_LEVEL", "DEBUG")) {
			return false
		}
		if _, err := b.session().Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		if last := downtime.Load(instance.Dir(b.dir)).Last; last != nil && last.DowntimeMS != 0 {
			t.Errorf("nobody knows how long it was down: %+v", last)
		}
		b.do(set("MY_OWN", "1"))
		if b.container().State != "running" || b.journal() || b.env("MY_OWN") != "1" {
			t.Errorf("%+v, a journal: %v", b.container(), b.journal())
		}
		return true
	})
}

// Wherever a restore was killed, the data is whole: the backup's or what was here.
func TestRestoreKilled(t *testing.T) {
	t.Parallel()
	eachKill(t, 17, func(t *testing.T, at int) bool {
		b := withTrades(t)
		c := b.restore(b.backup(ops.BackupOptions{}), "")
		b.trades("newer")
		if !b.killed(at, c) {
			return false
		}
		if _, err := b.session().Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := b.traded(); got != "newer" && got != "some" || b.container().State != "running" || b.journal() {
			t.Errorf("%q, %+v", got, b.container())
		}
		return true
	})
}

// A purge that was killed anywhere is completed, and never leaves data whose keys
// are gone.
func TestPurgeKilled(t *testing.T) {
	t.Parallel()
	eachKill(t, 5, func(t *testing.T, at int) bool {
		b := installed(t)
		if !b.killed(at, purge()) {
			return false
		}
		if _, v, _ := b.things(); v > 0 && b.read(".env") == "" {
			t.Errorf("%d volumes are left without their keys", v)
		}
		b.do(purge())
		if c, v, n := b.things(); c+v+n != 0 || b.hasDir() {
			t.Errorf("%d containers, %d volumes, %d networks; a directory: %v", c, v, n, b.hasDir())
		}
		return true
	})
}
