package testinstall

import (
	"errors"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

// withoutWhatGoes leaves out notes about what the test install removes again: who
// reads them would look for something that is not there.
func withoutWhatGoes(stage *ops.Session) event.Reporter {
	dir, project, outer := string(stage.Dir()), compose.ProjectName(string(stage.Dir())), stage.Report
	return event.ReporterFunc(func(e event.Event) {
		if e.Type != event.TypeNote || !strings.Contains(e.Message, dir) && !strings.Contains(e.Message, project) {
			outer.Report(e)
		}
	})
}

// takeBack takes out of an error the advice about a test install that is gone, and says
// what state that leaves this machine in.
func takeBack(err error, stage *ops.Session) error {
	var e *finding.Error
	if !errors.As(err, &e) || e.Kind == finding.Broken || e.Kind == finding.Cancelled {
		return err // it may still be there
	}
	e.Hints = slices.DeleteFunc(e.Hints, func(h finding.Hint) bool {
		words := append(append([]string{h.Do, h.Dir}, h.Shell...), h.Args...)
		gone := h.Args != nil && h.Dir == "" // a command about the instance that failed
		return gone || slices.ContainsFunc(words, func(s string) bool { return strings.Contains(s, string(stage.Dir())) })
	})
	if e.Kind == finding.RolledBack {
		e.End = "Everything that the test install made was removed. Nothing else was changed."
	}
	return err
}
