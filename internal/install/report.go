package install

import (
	"fmt"
	"os"
	"time"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

func (in *Installer) stepStarted(step, title string) time.Time {
	in.Report.Report(event.Event{Type: event.TypeStep, Time: time.Now(), Step: step, State: event.Started, Message: title})
	return time.Now()
}

func (in *Installer) stepEnded(step, state string, began time.Time) {
	in.Report.Report(event.Event{Type: event.TypeStep, Time: time.Now(), Step: step, State: state, Seconds: time.Since(began).Seconds()})
}

// logged does what a command does. Every event of it, and its end, is also a
// line of <dir>/.openalgo-install/log, for those who watch or come later.
func (in *Installer) logged(command string, do func() (event.Result, error)) (event.Result, error) {
	file, err := openOwn(in.work.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return event.Result{}, finding.Errorf(finding.HostNotReady, "opening the log: %w", err)
	}
	defer file.Close()
	write := func(at time.Time, line string) {
		fmt.Fprintf(file, "%s %s\n", at.UTC().Format(time.RFC3339), in.redact.Redact(line))
	}
	write(time.Now(), fmt.Sprintf("%s begins (process %d)", command, os.Getpid()))
	outer := in.Report
	in.Report = event.ReporterFunc(func(e event.Event) {
		if line := logLine(e); line != "" {
			write(e.Time, line)
		}
		outer.Report(e)
	})
	defer func() { in.Report = outer }()
	result, err := do()
	if err != nil {
		write(time.Now(), fmt.Sprintf("%s failed (%s): %v", command, finding.KindOf(err), err))
	} else {
		write(time.Now(), command+" ended: "+result.Message)
	}
	return result, err
}

func logLine(e event.Event) string {
	switch e.Type {
	case event.TypeStep:
		if e.State == event.Started {
			return e.Message
		}
		return fmt.Sprintf("%s: %s (%.1f s)", e.Step, e.State, e.Seconds)
	case event.TypeNote, event.TypeWarning:
		return e.Type + ": " + e.Message
	case event.TypeLog:
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
