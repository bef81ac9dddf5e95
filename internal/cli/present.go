package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/docker/go-units"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/install"
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
	drawn  time.Time     // when the progress line was drawn last
}

// redrawEvery keeps a fast pull from flooding a slow line.
const redrawEvery = 100 * time.Millisecond

func (a *app) presenter() *presenter {
	p := &presenter{app: a, text: a.stdout, shown: -1}
	if a.json {
		p.text = a.stderr
		p.events = json.NewEncoder(a.stdout)
		p.events.SetEscapeHTML(false)
	}
	p.live = isTerminal(p.text) && os.Getenv("TERM") != "dumb" && !a.accessible
	return p
}

// Report shows one event.
func (p *presenter) Report(e install.Event) {
	if p.events != nil {
		_ = p.events.Encode(e) // a reader that went away must not stop the run
	}
	switch e.Type {
	case install.EventPlan:
		p.plan(e.Plan)
	case install.EventStep:
		p.stepEvent(e)
	case install.EventProgress:
		p.progress(e.Progress)
	case install.EventNote:
		p.line("  note  %s", e.Message)
	case install.EventWarning:
		p.line("  WARN  %s", e.Message)
	case install.EventLog:
		if p.app.verbose {
			p.line("        | %s", e.Message)
		}
	}
}

func (p *presenter) plan(plan *install.Plan) {
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
	p.line("Sizing for %d MiB RAM and %d cores: threads %d, shared memory %d MiB, strategy memory %d MiB",
		s.RAMMiB, s.Cores, s.Threads, s.ShmMiB, s.StrategyMemoryMiB)
}

func (p *presenter) stepEvent(e install.Event) {
	switch e.State {
	case install.StepStarted:
		p.step, p.shown = e.Message, -1
		if p.live {
			fmt.Fprintf(p.text, "  ....  %s", e.Message)
		}
	case install.StepDone:
		p.line("  ok    %s (%.1f s)", p.step, e.Seconds)
	case install.StepFailed:
		p.line("  FAIL  %s (%.1f s)", p.step, e.Seconds)
	}
}

// progress redraws one line on a terminal, and prints every tenth elsewhere.
func (p *presenter) progress(now *engine.PullProgress) {
	if now.Layers == 0 {
		return // the registry has not said yet what there is
	}
	percent := 0
	if now.Total > 0 {
		percent = int(now.Current * 100 / now.Total)
	}
	text := fmt.Sprintf("%d %%  %s of %s, %d of %d layers", percent,
		units.HumanSize(float64(now.Current)), units.HumanSize(float64(now.Total)), now.LayersDone, now.Layers)
	if p.live {
		if time.Since(p.drawn) > redrawEvery {
			fmt.Fprintf(p.text, "\r\x1b[K  ....  %s: %s", p.step, text)
			p.drawn = time.Now()
		}
		return
	}
	if percent/10 > p.shown/10 || p.shown < 0 {
		p.shown = percent
		p.line("        %s", text)
	}
}

func (p *presenter) line(format string, args ...any) {
	if p.live {
		fmt.Fprint(p.text, "\r\x1b[K")
	}
	fmt.Fprintf(p.text, format+"\n", args...)
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
func (p *presenter) end(result install.Result, err error) error {
	if p.events != nil {
		e := install.ResultEvent(result, err)
		code := exitCode(err)
		e.Exit = &code
		_ = p.events.Encode(e)
	}
	if err != nil {
		if p.live {
			fmt.Fprint(p.text, "\r\x1b[K")
		}
		fmt.Fprintf(p.app.stderr, "%s: %v\n", program, err)
		return &toldError{err}
	}
	if result.Message != "" {
		p.line("%s", strings.ToUpper(result.Message[:1])+result.Message[1:]+".")
	}
	return nil
}
