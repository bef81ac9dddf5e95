package step_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/freeze"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step/still"
)

// A freeze that Docker refuses, that somebody ends, or whose copy fails ends with a
// container that is not frozen, and a run that is complete: another way to copy the
// data may follow.
func TestFreezeThatIsNone(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is broken")
	for name, c := range map[string]struct {
		refused int
		last    func(w *world) error
		want    error
		state   string
	}{
		"all is well":      {0, nil, nil, "running"},
		"refused at times": {4, nil, nil, "running"},
		"refused":          {100, nil, freeze.ErrRefused, "running"},
		"the copy fails":   {0, func(*world) error { return broken }, broken, "running"},
		"somebody thaws it": {0, func(w *world) error { return w.engine.Unpause(w.t.Context(), w.web().ID) },
			freeze.ErrThawed, "running"},
		"somebody stops it": {0, func(w *world) error { return w.engine.Stop(w.t.Context(), w.web().ID, 0) },
			freeze.ErrThawed, "exited"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			defer w.close()
			w.installed()
			w.engine.NoFreeze = c.refused
			if c.last != nil {
				w.last = func() error { return c.last(w) }
			}
			p := w.frozenBackup()
			if err := run.Run(t.Context(), w.tools(), p); err != nil {
				t.Fatal(err)
			}
			s := run.Find[*still.Freeze](p.Parts[0].Steps)
			if !errors.Is(s.Failed, c.want) || freeze.IsNone(s.Failed) != (c.want != nil && !errors.Is(c.want, broken)) {
				t.Errorf("it ends with %v", s.Failed)
			}
			if is := w.web(); is.State != c.state {
				t.Errorf("the container is %s", is.State)
			}
			if exists(w.path(".openalgo-install/journal.json")) {
				t.Error("the run is not complete")
			}
		})
	}
}

// An upgrade copies before the stop what it can, and after it what changed.
func TestSnapshotIsBegunBeforeTheStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.close()
	w.installed()
	db := place(*w.web(), openalgo.DB)
	must(t, os.WriteFile(filepath.Join(db, "still"), []byte("still"), 0o600))
	w.hook = func(point string) {
		if point == "ahead-db" {
			// What nobody wrote since is not copied again.
			must(t, os.WriteFile(w.path(".openalgo-install/tmp/ahead/db/still"), []byte("STILL"), 0o600))
			must(t, os.WriteFile(filepath.Join(db, "late"), []byte("late"), 0o600))
		}
	}
	must(t, run.Run(t.Context(), w.tools(), w.upgrade("openalgo:2")))
	for name, want := range map[string]string{"still": "STILL", "late": "late", "rows": read(filepath.Join(db, "rows"))} {
		if got := read(w.path(".openalgo-install/snapshot/db/" + name)); got != want {
			t.Errorf("the copy has %q for %s, want %q", got, name, want)
		}
	}
	if exists(w.path(".openalgo-install/tmp")) {
		t.Error("what was begun is left")
	}
}
