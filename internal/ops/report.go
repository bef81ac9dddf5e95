package ops

import (
	"time"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
)

func stepStarted(in *Session, step, title string) time.Time {
	in.Report.Report(event.Event{Type: event.TypeStep, Time: time.Now(), Step: step, State: event.Started, Message: title})
	return time.Now()
}

func stepEnded(in *Session, step, state string, began time.Time) {
	in.Report.Report(event.Event{Type: event.TypeStep, Time: time.Now(), Step: step, State: state, Seconds: time.Since(began).Seconds()})
}

// logged does what a command does, and keeps it in the instance's log.
func (in *kit) logged(command string, do func() (event.Result, error)) (event.Result, error) {
	outer := in.Report
	defer func() { in.Report = outer }()
	return in.dir.Log(command, func(line string) string { return in.redact.Redact(line) }, outer, func(logged event.Reporter) (event.Result, error) {
		in.Report = logged
		return do()
	})
}

// secretKeys lists the keys of a .env whose values must not be shown.
func secretKeys(file *envfile.File) []string {
	var out []string
	for _, key := range file.Keys() {
		if value, _ := file.Get(key); envfile.IsSecret(key, value) {
			out = append(out, key)
		}
	}
	return out
}
