// Package present shows plans, runs and states: as text for people, and as JSON
// for programs.
package present

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Options say where a run is shown, and how.
type Options struct {
	Text    io.Writer // for people
	Errors  io.Writer // why it failed
	Events  io.Writer // one JSON object a line; nil: none
	Live    bool      // the text goes to a terminal: the current line is redrawn
	Verbose bool      // the container's log, too
	// Prompt is where the user types the commands that are proposed.
	Prompt func() finding.Prompt
}

// Run shows the events of a run. Several may report at once.
type Run struct {
	Options
	mu     sync.Mutex
	events *json.Encoder
	step   string // title of the step that runs; "" is none
	far    howFar
	shown  int        // percent that was printed last
	base   string     // the image that this percent is of, in a build
	stage  string     // of a start, as printed last
	beat   *heartbeat // of the step that runs
}

// NewRun returns a Run that has shown nothing yet.
func NewRun(o Options) *Run {
	r := &Run{Options: o, shown: -1}
	if o.Events != nil {
		r.events = json.NewEncoder(o.Events)
		r.events.SetEscapeHTML(false)
	}
	return r
}

// Report shows one event.
func (r *Run) Report(e event.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.events != nil {
		_ = r.events.Encode(e) // a reader that went away must not stop the run
	}
	if e.Shown {
		return
	}
	switch e.Type {
	case event.TypePlan:
		if p, ok := e.Plan.(*plan.Plan); ok {
			r.plan(p)
		}
	case event.TypeStep:
		r.stepEvent(e)
	case event.TypeProgress:
		r.progress(e)
	case event.TypeNote:
		r.line("  note  %s", e.Message)
	case event.TypeWarning:
		r.line("  WARN  %s", e.Message)
	case event.TypeLog:
		if r.Verbose {
			r.line("        | %s", e.Message)
		}
	}
}

// Heading begins the part of one instance in a run of several.
func (r *Run) Heading(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name != "" {
		name = "== " + name
	}
	r.line("%s", name)
}

func (r *Run) plan(p *plan.Plan) {
	if !p.Empty() {
		r.line("Plan:")
	}
	for _, c := range p.Changes {
		r.line("  %-8s  %-9s  %s (%s)", c.Action, c.Kind, c.Name, c.Reason)
	}
	Settings(r.Text, p)
	if p.Empty() {
		return
	}
	for _, text := range p.Warnings {
		if len(p.Settings) > 0 { // an install reports them itself
			r.line("  WARN  %s", text)
		}
	}
	if p.Downtime != nil {
		r.line("Downtime: %s", p.Downtime.Text)
	}
	if s := p.Sizing; p.Sizes() {
		r.line("Sizing for %s: %s", s.Of(), s.Values())
	}
}

func (r *Run) stepEvent(e event.Event) {
	if e.State != event.Started {
		mark := "ok  "
		if e.State == event.Failed {
			mark = "FAIL"
		}
		r.line("  %s  %s (%.1f s)", mark, r.step, e.Seconds)
		r.beat.stop()
		r.step, r.beat, r.far = "", nil, howFar{}
		return
	}
	r.step, r.shown, r.stage, r.far = e.Message, -1, "", howFar{began: e.Time, at: e.Time}
	r.beat.stop()
	r.beat = newHeartbeat(r.alive)
	if r.Live {
		r.far.at = time.Time{} // how far it is may be shown at once
		fmt.Fprintf(r.Text, "  ....  %s", printable.Line(e.Message))
	}
}

// oneLine is a step of a Dockerfile, which may have several, as one.
func oneLine(text string) string { return strings.Join(strings.Fields(printable.Line(text)), " ") }

func (r *Run) line(format string, args ...any) {
	if r.Live {
		fmt.Fprint(r.Text, "\r\x1b[K")
	}
	Sentence(r.Text, fmt.Sprintf(format, args...))
}

// Rehearsal shows what the test app saw from inside its container.
func (r *Run) Rehearsal(report json.RawMessage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.events != nil {
		_ = r.events.Encode(map[string]any{"type": "rehearsal", "time": time.Now(), "report": report})
	}
	var seen struct {
		UID         int                           `json:"uid"`
		ShmBytes    int64                         `json:"shm_bytes"`
		Timezone    struct{ Name, TZ string }     `json:"timezone"`
		Settings    []struct{ Key, Value string } `json:"settings"`
		Directories []struct {
			Path     string `json:"path"`
			Writable bool   `json:"writable"`
		} `json:"directories"`
	}
	if json.Unmarshal(report, &seen) != nil {
		return
	}
	r.line("Inside the container: user %d, shared memory %s", seen.UID, printable.Size(seen.ShmBytes))
	for _, d := range seen.Directories {
		state := "can be written"
		if !d.Writable {
			state = "CANNOT be written"
		}
		r.line("  %-18s %s", d.Path, state)
	}
}

// End shows how the run ended; exit is the exit code of the program.
func (r *Run) End(result event.Result, err error, exit int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.beat.stop()
	if r.events != nil {
		e := event.End(result, err, r.Prompt())
		e.Exit = &exit
		_ = r.events.Encode(e)
	}
	if err != nil {
		if r.Live {
			fmt.Fprint(r.Text, "\r\x1b[K")
		}
		Error(r.Errors, r.Prompt(), err)
		return
	}
	if result.Message != "" {
		r.line("%s", sentence(result.Message))
	}
	Owner(r, result, r.Prompt())
}

// Owner tells what the owner of a new OpenAlgo has to know of it; prompt is where its
// commands are typed.
func Owner(r *Run, result event.Result, prompt finding.Prompt) {
	for _, line := range result.Account.Lines(prompt.Line(finding.Run("", "status"))) {
		r.line("%s", line)
	}
	if result.Address.Known() {
		r.line("Brokers see this machine as %s: register that address. %s", result.Address, result.Address.Stays())
	}
}

// Error prints all that there is to say about an error.
func Error(w io.Writer, prompt finding.Prompt, err error) {
	Sentence(w, "openalgo-install: "+prompt.Text(err))
}

// JSON prints a document for programs.
func JSON(w io.Writer, doc any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}

// sentence begins a message with a capital, unless it begins with a name, and
// ends it. A command at its end stays as it is, to be pasted.
func sentence(text string) string {
	if first, _, _ := strings.Cut(text, " "); !strings.ContainsAny(first, "-/._") {
		text = printable.Capital(text)
	}
	if ending.MatchString(text) {
		return text
	}
	return strings.TrimSuffix(text, ".") + "."
}
