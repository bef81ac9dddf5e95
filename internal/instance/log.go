package instance

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

const logName = "log"

// Log does what a command does. Every event of it, and its end, is also a line
// of the instance's log, without secrets, for those who watch or come later.
func (d Dir) Log(command string, redact func(string) string, report event.Reporter, do func(event.Reporter) (event.Result, error)) (event.Result, error) {
	file, err := OpenOwn(d.Work(logName), os.O_CREATE|os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return event.Result{}, finding.Named(finding.HostNotReady, "directory-unwritable", "opening the log: %w", err)
	}
	defer file.Close()
	write := func(at time.Time, line string) {
		fmt.Fprintf(file, "%s %s\n", at.UTC().Format(time.RFC3339), redact(line))
	}
	write(time.Now(), fmt.Sprintf("%s begins (process %d)", command, os.Getpid()))
	result, err := do(event.ReporterFunc(func(e event.Event) {
		if line := logLine(e); line != "" {
			write(e.Time, line)
		}
		report.Report(e)
	}))
	if err != nil {
		write(time.Now(), fmt.Sprintf("%s failed (%s): %s", command, finding.KindOf(err), finding.Prompt{Dir: string(d), Sudo: true}.Text(err)))
	} else {
		write(time.Now(), strings.TrimSuffix(command+" ended: "+result.Message, ": "))
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
