package step_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step"
)

// Whoever starts OpenAlgo again after an interrupted uninstall uses it: the next
// command does not remove it, nor anything else.
func TestUninstallOfWhatIsUsedAgain(t *testing.T) {
	t.Parallel()
	for name, purge := range map[string]bool{"uninstall": false, "purge": true} {
		for point, stays := range map[string]bool{"docker: stopped": true, "uninstall-container": false} {
			w := newWorld(t)
			w.laden()
			_, _ = w.killWhen(func(_ int, now string) bool { return now == point }, func() error { return run.Run(t.Context(), w.tools(), w.uninstall(purge)) })
			if c := w.web(); c != nil {
				must(t, w.engine.Start(t.Context(), c.ID))
			}
			must(t, errorOf(w.recovered(), run.GivenUp))
			if w.running() != stays {
				t.Errorf("%s, killed at %s: it runs: %v", name, point, !stays)
			}
			if _, err := w.engine.Volume(t.Context(), volume("db")); (err == nil) != (stays || !purge) {
				t.Errorf("%s, killed at %s: its data is there: %v", name, point, err == nil)
			}
			if instance.Dir(w.dir).HasJournal() {
				t.Errorf("%s, killed at %s: the journal is open", name, point)
			}
			w.close()
		}
	}
}

// errorOf accepts a run that ended so, and no other error.
func errorOf(err error, end run.End) error {
	if f := (*run.Failure)(nil); errors.As(err, &f) && f.End == end {
		return nil
	}
	return err
}

// What cannot be removed ends a removal, with the encryption keys where they are.
func TestRemovalThatFails(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(w *world){
		"the site":                 func(w *world) { w.front = errors.New("no") },
		"a volume that others use": func(w *world) { w.other(false) },
	} {
		w := newWorld(t)
		w.laden()
		spoil(w)
		err := run.Run(t.Context(), w.tools(), w.uninstall(true))
		if err == nil || errorOf(err, run.GivenUp) != nil {
			t.Errorf("%s: %v", name, err)
		}
		if read(w.path(".env")) == "" || instance.Dir(w.dir).HasJournal() {
			t.Errorf("%s: the keys are gone, or the journal is open", name)
		}
		w.close()
	}
}

// other is a container that somebody else made, with the instance's volume for its
// databases, or with its directories.
func (w *world) other(binds bool) {
	w.t.Helper()
	s := w.spec("openalgo:1", "other", binds)
	s.Labels, s.Networks, s.Ports = nil, nil, nil
	id, err := w.engine.Create(w.t.Context(), s)
	must(w.t, err)
	must(w.t, w.engine.Start(w.t.Context(), id))
}

func TestDirectoryInUseStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.close()
	for _, tree := range trees {
		must(t, os.MkdirAll(w.path(tree), 0o755))
	}
	must(t, os.WriteFile(w.path(".env"), []byte(firstEnv), 0o600))
	w.other(true)
	remove := run.Plan{Commit: []run.Step{&step.RemoveDirectory{Name: "db"}}}
	if err := run.Run(t.Context(), w.tools(), remove); err == nil || !strings.Contains(err.Error(), "other") || !exists(w.path("db")) {
		t.Error(err)
	}
	must(t, w.engine.Remove(t.Context(), "other"))
	must(t, run.Run(t.Context(), w.tools(), remove))
	if exists(w.path("db")) {
		t.Error("it is there")
	}
}

// A removal without a name would be that of the instance's own directory.
func TestDirectoryWithoutANameStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.close()
	must(t, os.WriteFile(w.path(".env"), []byte(firstEnv), 0o600))
	err := run.Run(t.Context(), w.tools(), run.Plan{Commit: []run.Step{&step.RemoveDirectory{}}})
	if err == nil || !exists(w.path(".env")) {
		t.Errorf("%v", err)
	}
}

func TestForeignRemovals(t *testing.T) {
	t.Parallel()
	for _, s := range []run.Step{
		&step.RemoveLeftovers{Leftovers: run.Leftovers{Paths: []string{"/etc/passwd"}}},
		&step.RemoveLeftovers{Leftovers: run.Leftovers{Paths: []string{"/etc/nginx/../passwd"}}},
		&step.RemoveDirectory{Name: "home"}, &step.RemoveDirectory{Name: "db/.."}, &step.RemoveFile{Name: "../x"},
	} {
		if s.Check() == nil {
			t.Errorf("%s: not refused", s)
		}
	}
}
