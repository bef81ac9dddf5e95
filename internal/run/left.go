package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// Left is the journal of an interrupted run; nil: there is none.
func Left(d instance.Dir) (*Journal, error) {
	j, err := Read(d, instance.ReadOwn)
	if err != nil && finding.KindOf(err) != finding.HostNotReady {
		return nil, finding.Named(finding.HostNotReady, "journal-unreadable", "reading what an interrupted run left: %w", err)
	}
	return j, err
}

// Owed reports whether a run in dir was interrupted and has to be completed or
// undone.
func Owed(dir string) bool {
	j, err := Left(instance.Dir(dir))
	return j != nil || err != nil
}

// Told adds to an error that says nothing of it in what state the machine is. changed
// says that the run had begun to change something.
func Told(dir string, err error, changed bool) error {
	if err == nil || finding.EndOf(err) != "" || finding.IDOf(err) != "" || errors.Is(err, context.Canceled) {
		return err
	}
	told := &finding.Error{Kind: finding.KindOf(err), ID: "unexpected", Err: err, Hints: finding.HintsOf(err), End: finding.Unchanged}
	switch {
	case Unfinished(dir) != "":
		told.End = "The run is not complete. The next command that makes changes completes or undoes it first."
	case changed:
		told.End = "Part of it may have been done. To see what OpenAlgo is like now: " + finding.Command(dir, "status")
	}
	return told
}

// Unfinished says what an interrupted run has left in dir; "" is nothing.
// A run that is still under way counts as none.
func Unfinished(dir string) string {
	d := instance.Dir(dir)
	j, err := Left(d)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return ""
	case err != nil:
		return finding.Prompt{Dir: dir, Sudo: true}.Advice(err)
	case j == nil:
		return ""
	}
	held, _, err := d.TryLock()
	if err != nil || held == nil {
		return ""
	}
	held.Release()
	return fmt.Sprintf("the last run was interrupted (%s). The next command that makes changes completes or undoes it first", d.Work(instance.JournalName))
}
