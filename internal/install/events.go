package install

import (
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Event types, as `--json` prints them.
const (
	EventPlan     = "plan"     // the plan that is about to be carried out
	EventStep     = "step"     // a step began or ended
	EventProgress = "progress" // how far a pull, a build or a start is
	EventNote     = "note"     // something worth saying
	EventWarning  = "warning"  // something to act on
	EventLog      = "log"      // a line of the container's log
	EventResult   = "result"   // the last event
)

// States of a step.
const (
	StepStarted = "start"
	StepDone    = "done"
	StepFailed  = "failed"
)

// Event is one thing that happened in a run. With `--json` each is one line.
type Event struct {
	Type     string                `json:"type"`
	Instance string                `json:"instance,omitempty"` // where several are installed in one run
	Time     time.Time             `json:"time"`
	Step     string                `json:"step,omitempty"`
	State    string                `json:"state,omitempty"`
	Seconds  float64               `json:"seconds,omitempty"`
	Message  string                `json:"message,omitempty"`
	Progress *engine.PullProgress  `json:"progress,omitempty"` // of a pull
	Build    *engine.BuildProgress `json:"build,omitempty"`    // of a build
	Start    *StartProgress        `json:"start,omitempty"`    // of OpenAlgo's start
	Plan     *Plan                 `json:"plan,omitempty"`

	// Of the last event alone.
	OK      *bool  `json:"ok,omitempty"`
	Exit    *int   `json:"exit,omitempty"`
	Changed *bool  `json:"changed,omitempty"`
	URL     string `json:"url,omitempty"`
	ID      string `json:"id,omitempty"` // of what was found
}

// Result is how a run ended.
type Result struct {
	Changed bool
	URL     string
	Message string
}

// ResultEvent returns the last event of a run. The command line adds the exit
// code.
func ResultEvent(r Result, err error) Event {
	ok := err == nil
	message := r.Message
	if err != nil {
		message = printable.Text(err.Error())
	}
	return Event{Type: EventResult, Time: time.Now(), OK: &ok, Changed: &r.Changed, URL: r.URL, Message: message, ID: finding.IDOf(err)}
}

// Reporter receives the events of a run.
type Reporter interface{ Report(Event) }

// ReporterFunc makes a function a Reporter.
type ReporterFunc func(Event)

// Report calls f.
func (f ReporterFunc) Report(e Event) { f(e) }

// printed passes events on without what a terminal acts on: they quote logs,
// registries and certificate authorities.
func printed(to Reporter) Reporter {
	return ReporterFunc(func(e Event) {
		e.Message = printable.Text(e.Message)
		if e.Build != nil {
			build := *e.Build
			build.Name = printable.Line(build.Name)
			e.Build = &build
		}
		to.Report(e)
	})
}
