package event

import (
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// Begin reports that a step began. What it returns reports the step's end.
func Begin(to Reporter, step, title string) (end func(err error)) {
	began := time.Now()
	to.Report(Event{Type: TypeStep, Time: began, Step: step, State: Started, Message: title})
	return func(err error) {
		state := Done
		if err != nil {
			state = Failed
		}
		to.Report(Event{Type: TypeStep, Time: time.Now(), Step: step, State: state, Seconds: time.Since(began).Seconds()})
	}
}

// Note tells something that is worth saying.
func Note(to Reporter, message string) {
	to.Report(Event{Type: TypeNote, Time: time.Now(), Message: message})
}

// Warn tells something to act on, of the instance in dir.
func Warn(to Reporter, dir string, w *finding.Error) {
	to.Report(Event{Type: TypeWarning, Time: time.Now(), Message: finding.Prompt{Dir: dir}.Sentence(w), ID: w.ID, Hints: w.Hints})
}
