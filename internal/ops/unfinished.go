package ops

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// Unfinished says what an interrupted run has left in dir; "" is nothing.
// A run that is still under way counts as none.
func Unfinished(dir string) string {
	d := instance.Dir(dir)
	j, err := readJournal(d)
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
