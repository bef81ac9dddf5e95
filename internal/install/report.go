package install

import (
	"fmt"
	"os"
	"time"

	"github.com/marketcalls/openalgo-install/internal/envfile"
)

func (in *Installer) stepStarted(step, title string) time.Time {
	in.Report.Report(Event{Type: EventStep, Time: time.Now(), Step: step, State: StepStarted, Message: title})
	return time.Now()
}

func (in *Installer) stepEnded(step, state string, began time.Time) {
	in.Report.Report(Event{Type: EventStep, Time: time.Now(), Step: step, State: state, Seconds: time.Since(began).Seconds()})
}

// openLog makes every event of this run also a line of
// <dir>/.openalgo-install/log; stop ends that.
func (in *Installer) openLog(command string) (stop func(), err error) {
	file, err := os.OpenFile(in.work.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	fmt.Fprintf(file, "%s %s begins (process %d)\n", time.Now().UTC().Format(time.RFC3339), command, os.Getpid())
	outer := in.Report
	in.Report = ReporterFunc(func(e Event) {
		if line := logLine(e); line != "" {
			fmt.Fprintf(file, "%s %s\n", e.Time.UTC().Format(time.RFC3339), in.redact.Redact(line))
		}
		outer.Report(e)
	})
	return func() {
		in.Report = outer
		_ = file.Close()
	}, nil
}

func logLine(e Event) string {
	switch e.Type {
	case EventStep:
		if e.State == StepStarted {
			return e.Message
		}
		return fmt.Sprintf("%s: %s (%.1f s)", e.Step, e.State, e.Seconds)
	case EventNote, EventWarning:
		return e.Type + ": " + e.Message
	case EventLog:
		return "container: " + e.Message
	}
	return ""
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
