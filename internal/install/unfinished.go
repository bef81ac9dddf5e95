package install

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/marketcalls/openalgo-install/internal/instance"
)

// Unfinished says what a run that was killed has left in dir; "" is nothing.
// A run that is still under way counts as none.
func Unfinished(dir string) string {
	w := instance.Dir(dir)
	j, err := readJournal(w)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return ""
	case err != nil:
		return err.Error()
	case j == nil:
		return ""
	}
	held, _, err := w.TryLock()
	if err != nil || held == nil {
		return ""
	}
	held.Release()
	return fmt.Sprintf("a run was ended in its middle; the next command that changes something finishes or undoes it (%s)", w.Work(instance.JournalName))
}
