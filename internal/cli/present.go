package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/docker/go-units"
	"golang.org/x/term"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// presenter shows the events of a run: as lines of text, and with --json as
// one JSON object a line.
type presenter struct {
	app    *app
	text   io.Writer
	events *json.Encoder // nil without --json
	live   bool          // the text goes to a terminal: the current line is redrawn
	step   string        // title of the step that runs
	shown  int           // percent of the pull that was printed last
	base   string        // the image that this percent is of, in a build
	drawn  time.Time     // when the progress line was drawn last
	stage  string        // of a start, as printed last
}

// redrawEvery keeps a fast pull from flooding a slow line.
const redrawEvery = 100 * time.Millisecond

func (a *app) presenter() *presenter {
	p := &presenter{app: a, text: a.stdout, shown: -1}
	if a.stdoutTaken {
		p.text = a.stderr
		return p
	}
	if a.json {
		p.text = a.stderr
		p.events = json.NewEncoder(a.stdout)
		p.events.SetEscapeHTML(false)
	}
	p.live = isTerminal(p.text) && os.Getenv("TERM") != "dumb" && !a.accessible
	return p
}

// Report shows one event.
func (p *presenter) Report(e event.Event) {
	if e.Type == event.TypeNote || e.Type == event.TypeWarning {
		e.Message = p.app.hinted(e.Message)
	}
	if p.events != nil {
		_ = p.events.Encode(e) // a reader that went away must not stop the run
	}
	switch e.Type {
	case event.TypePlan:
		if plan, ok := e.Plan.(*plan.Plan); ok {
			p.plan(plan)
		}
	case event.TypeStep:
		p.stepEvent(e)
	case event.TypeProgress:
		p.progress(e)
	case event.TypeNote:
		p.line("  note  %s", e.Message)
	case event.TypeWarning:
		p.line("  WARN  %s", e.Message)
	case event.TypeLog:
		if p.app.verbose {
			p.line("        | %s", e.Message)
		}
	}
}

// heading begins the part of one instance in a run of several.
func (p *presenter) heading(name string) {
	if name != "" {
		name = "== " + name
	}
	p.line("%s", name)
}

func (p *presenter) plan(plan *plan.Plan) {
	if plan.Empty() {
		plan.WriteSettings(p.text)
		return
	}
	p.line("Plan:")
	for _, c := range plan.Changes {
		p.line("  %-8s  %-9s  %s (%s)", c.Action, c.Kind, c.Name, c.Reason)
	}
	plan.WriteSettings(p.text)
	for _, text := range plan.Warnings {
		if len(plan.Settings) > 0 { // an install reports them itself
			p.line("  WARN  %s", text)
		}
	}
	s := plan.Sizing
	if !plan.Sizes() {
		return
	}
	p.line("Sizing for %s: threads %d, shared memory %d MiB, strategy memory %d MiB",
		s.Of(), s.Threads, s.ShmMiB, s.StrategyMemoryMiB)
}

func (p *presenter) stepEvent(e event.Event) {
	switch e.State {
	case event.Started:
		p.step, p.shown, p.stage = e.Message, -1, ""
		if p.live {
			fmt.Fprintf(p.text, "  ....  %s", e.Message)
		}
	case event.Done:
		p.line("  ok    %s (%.1f s)", p.step, e.Seconds)
	case event.Failed:
		p.line("  FAIL  %s (%.1f s)", p.step, e.Seconds)
	}
}

// progress shows how far a build or a pull is.
func (p *presenter) progress(e event.Event) {
	switch {
	case e.Start != nil:
		p.start(e)
	case e.Build != nil && p.live:
		p.redraw(fmt.Sprintf("step %d of %d, %s", e.Build.Step, e.Build.Total, e.Build.Name))
	case e.Build != nil:
		p.line("        step %d of %d  %s", e.Build.Step, e.Build.Total, ansi.Truncate(oneLine(e.Build.Name), 100, "..."))
	case e.Progress.Layers > 0: // else the registry has not said yet what there is
		p.pull(e.Message, e.Progress)
	}
}

// startEvery is the shortest time between two lines about the same start.
const startEvery = 10 * time.Second

// start shows how far OpenAlgo's start is.
func (p *presenter) start(e event.Event) {
	switch {
	case p.live:
		p.redraw(e.Message)
	case e.Start.Stage != p.stage || e.Time.Sub(p.drawn) >= startEvery:
		p.line("        %s", e.Message)
		p.stage, p.drawn = e.Start.Stage, e.Time
	}
}

// pull redraws one line on a terminal, and prints every tenth elsewhere. base
// names an image that a build begins with.
func (p *presenter) pull(base string, now *event.PullProgress) {
	if base != p.base {
		p.base, p.shown = base, -1
	}
	percent := 0
	if now.Total > 0 {
		percent = int(now.Current * 100 / now.Total)
	}
	text := fmt.Sprintf("%d %%  %s of %s, %d of %d layers", percent,
		units.HumanSize(float64(now.Current)), units.HumanSize(float64(now.Total)), now.LayersDone, now.Layers)
	if base != "" {
		text = base + "  " + text
	}
	if p.live {
		if time.Since(p.drawn) > redrawEvery {
			p.redraw(text)
			p.drawn = time.Now()
		}
		return
	}
	if percent/10 > p.shown/10 || p.shown < 0 {
		p.shown = percent
		p.line("        %s", text)
	}
}

// redraw shows where the present step is, on one line of the terminal.
func (p *presenter) redraw(text string) {
	text = "  ....  " + p.step + ": " + oneLine(text)
	if width, _, err := term.GetSize(p.fd()); err == nil && width > 0 {
		text = ansi.Truncate(text, width-1, "")
	}
	fmt.Fprint(p.text, "\r\x1b[K", text)
}

func (p *presenter) fd() int {
	if file, ok := p.text.(*os.File); ok {
		return int(file.Fd())
	}
	return -1
}

// oneLine is a step of a Dockerfile, which may have several, as one.
func oneLine(text string) string { return strings.Join(strings.Fields(printable.Line(text)), " ") }

func (p *presenter) line(format string, args ...any) {
	if p.live {
		fmt.Fprint(p.text, "\r\x1b[K")
	}
	fmt.Fprintln(p.text, printable.Text(fmt.Sprintf(format, args...)))
}

// rehearsal shows what the stand-in app saw from inside its container.
func (p *presenter) rehearsal(report json.RawMessage) {
	if p.events != nil {
		_ = p.events.Encode(map[string]any{"type": "rehearsal", "time": time.Now(), "report": report})
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
	p.line("Seen from inside the container: user %d, shared memory %d MiB", seen.UID, seen.ShmBytes>>20)
	for _, d := range seen.Directories {
		state := "can be written"
		if !d.Writable {
			state = "CANNOT be written"
		}
		p.line("  %-18s %s", d.Path, state)
	}
}

// end shows how the run ended and returns the error for the exit code.
func (p *presenter) end(result event.Result, err error) error {
	if p.events != nil {
		e := event.End(result, err, p.app.prompt())
		e.Message = p.app.hinted(e.Message)
		code := exitCode(err)
		e.Exit = &code
		_ = p.events.Encode(e)
	}
	if err != nil {
		if p.live {
			fmt.Fprint(p.text, "\r\x1b[K")
		}
		fmt.Fprintf(p.app.stderr, "%s: %s\n", program, p.app.textOf(err))
		return &toldError{err}
	}
	if result.Message != "" {
		p.line("%s", p.app.hinted(sentence(result.Message)))
	}
	return nil
}

// sentence begins a message with a capital, unless it begins with a name, and
// ends it.
func sentence(text string) string {
	if first, _, _ := strings.Cut(text, " "); !strings.ContainsAny(first, "-/._") {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	return strings.TrimSuffix(text, ".") + "."
}
