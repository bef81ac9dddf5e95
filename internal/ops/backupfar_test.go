package ops_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

// farOf is how far each step was, by what was reported last; no report has more done
// than there is.
func (b *box) farOf() map[string]event.Meter {
	last := map[string]event.Meter{}
	for _, e := range b.events {
		if e.Meter == nil {
			continue
		}
		if m := *e.Meter; m.Unit != event.Bytes || m.Total > 0 && m.Done > m.Total || m.Done < 0 || e.Type != event.TypeProgress {
			b.t.Errorf("%s: %+v", e.Step, m)
		}
		last[e.Step] = *e.Meter
	}
	return last
}

func TestHowFarABackupIs(t *testing.T) {
	t.Parallel()
	const bytes = 100 << 20
	b := withTrades(t)
	must(t, os.WriteFile(filepath.Join(b.place(openalgo.DB), "history.duckdb"), make([]byte, bytes), 0o644))
	b.events = nil
	file := b.backup(ops.BackupOptions{})
	far := b.farOf()
	for _, step := range []string{"freeze", "archive"} {
		if m := far[step]; m.Done < bytes || m.Done != m.Total || m.ID != step {
			t.Errorf("%s is %+v", step, m)
		}
	}
	if m := far["read-back"]; m.Done == 0 || m.Done != m.Total {
		t.Errorf("read back: %+v", m)
	}
	b.events = nil
	b.do(b.restore(file, ""))
	if far := b.farOf(); far["check"].Done == 0 || far["check"].Done != far["check"].Total {
		t.Errorf("restored: %+v", far)
	}
}
