package run_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// An error that says nothing of it tells in what state the machine is.
func TestTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := instance.Dir(dir)
	if _, err := d.Create(); err != nil {
		t.Fatal(err)
	}
	plain := errors.New("input/output error")
	if err := run.Told(dir, plain, false); finding.EndOf(err) != finding.Unchanged || !errors.Is(err, plain) || finding.KindOf(err) != finding.Failed {
		t.Errorf("%v: %s", err, finding.EndOf(err))
	}
	if end := finding.EndOf(run.Told(dir, plain, true)); end == "" || end == finding.Unchanged {
		t.Errorf("it had begun: %q", end)
	}
	for _, err := range []error{nil, context.Canceled, finding.Named(finding.Failed, "disk-full", "no room")} {
		if told := run.Told(dir, err, false); told != err { //nolint:errorlint // it is the same one
			t.Errorf("%v: %v", err, told)
		}
	}
	if err := os.WriteFile(d.Work(instance.JournalName), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if end := finding.EndOf(run.Told(dir, plain, false)); end == "" || end == finding.Unchanged {
		t.Errorf("a journal is left: %q", end)
	}
}
