package present

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"github.com/marketcalls/openalgo-install/internal/event"
)

const (
	// redrawEvery keeps fast work from flooding a slow line.
	redrawEvery = 250 * time.Millisecond
	// lineEvery is the longest time without a line, where there is no terminal.
	lineEvery = 10 * time.Second
	// soon is the time within which work that ends needs no lines about it.
	soon = 2 * time.Second
)

// progress shows how far a step is.
func (r *Run) progress(e event.Event) {
	switch {
	case e.Start != nil:
		r.start(e)
	case e.Build != nil:
		r.build(e)
	case e.Progress != nil:
		if e.Progress.Layers > 0 { // else the registry has not said yet what there is
			r.pull(e)
		}
	case e.Meter != nil:
		r.meter(e)
	}
}

// build shows each step of a Dockerfile.
func (r *Run) build(e event.Event) {
	text := fmt.Sprintf("step %d of %d", e.Build.Step, e.Build.Total)
	if r.Live {
		r.far.say(e.Time, text+", "+e.Build.Name, false)
		r.redraw(e.Time)
		return
	}
	r.far.say(e.Time, text, false)
	r.line("        %s  %s", text, ansi.Truncate(oneLine(e.Build.Name), 100, "..."))
}

// start shows how far OpenAlgo's start is.
func (r *Run) start(e event.Event) {
	if r.Live {
		r.far.say(e.Time, e.Message, false)
		r.redraw(e.Time)
		return
	}
	switch {
	case e.Start.Stage == event.StageAnswers: // the end of the step says it in a moment
	case e.Start.Stage != r.stage || e.Time.Sub(r.far.at) >= lineEvery:
		r.stage = e.Start.Stage
		r.far.say(e.Time, e.Message, false)
		r.line("        %s", e.Message+r.far.soFar(e.Time))
	}
}

// pull redraws one line on a terminal, and prints every tenth elsewhere. The message
// names an image that a build begins with.
func (r *Run) pull(e event.Event) {
	text, timed := pulled(e.Progress, e.Meter)
	if e.Message != "" {
		text = e.Message + "  " + text
	}
	r.show(e, percentOf(e.Progress), 0, text, timed)
}

// meter shows work that is counted.
func (r *Run) meter(e event.Event) {
	text := Meter(*e.Meter)
	if e.Message != "" {
		text = e.Message + ": " + text
	}
	r.show(e, e.Meter.Percent(), soon, text, e.Meter.Left > 0)
}

// show shows how far a step is: on a terminal four times a second, elsewhere each tenth
// and every ten seconds. Work that ends before quiet is over has no lines.
func (r *Run) show(e event.Event, percent int, quiet time.Duration, text string, timed bool) {
	if e.Message != r.base {
		r.base, r.shown = e.Message, -1
	}
	since := e.Time.Sub(r.far.at)
	if r.Live {
		if since >= redrawEvery || since < 0 {
			r.far.say(e.Time, text, timed)
			r.redraw(e.Time)
		}
		return
	}
	tenth := percent >= 0 && (percent/10 > r.shown/10 || r.shown < 0)
	if e.Time.Sub(r.far.began) >= quiet && (tenth || since >= lineEvery) {
		r.shown = percent
		r.far.say(e.Time, text, timed)
		r.line("        %s", text)
	}
}

// howFar is how far a step is, as it was said last.
type howFar struct {
	began time.Time // zero: no step runs
	at    time.Time // when it was said
	state string
	timed bool // state says how long the rest takes
}

func (f *howFar) say(at time.Time, state string, timed bool) {
	f.at, f.state, f.timed = at, state, timed
}

// soFar says how long a step has run, where it does not say how long the rest takes.
func (f *howFar) soFar(now time.Time) string {
	if spent := now.Sub(f.began); !f.began.IsZero() && !f.timed && spent >= soon {
		return ", " + Span(spent) + " so far"
	}
	return ""
}

// redraw shows where the present step is, on one line of the terminal.
func (r *Run) redraw(now time.Time) {
	text := r.step
	if r.far.state != "" {
		text = strings.TrimPrefix(text+": "+r.far.state, ": ")
	}
	text = "  ....  " + oneLine(text) + r.far.soFar(now)
	if width, _, err := term.GetSize(fd(r.Text)); err == nil && width > 0 {
		text = ansi.Truncate(text, width-1, "")
	}
	fmt.Fprint(r.Text, "\r\x1b[K", text)
}

func fd(to io.Writer) int {
	if file, ok := to.(*os.File); ok {
		return int(file.Fd())
	}
	return -1
}

// alive shows that a step goes on which says nothing.
func (r *Run) alive(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.step == "" || now.Sub(r.far.began) < soon:
	case r.Live && now.Sub(r.far.at) >= time.Second:
		r.far.timed = false // it stands still
		r.redraw(now)
	case !r.Live && now.Sub(r.far.at) >= lineEvery:
		r.far.at = now
		r.line("        %s so far", Span(now.Sub(r.far.began)))
	}
}

// heartbeat calls a function once a second. A nil one does nothing.
type heartbeat struct {
	quit chan struct{}
	once sync.Once
}

func newHeartbeat(do func(time.Time)) *heartbeat {
	h := &heartbeat{quit: make(chan struct{})}
	go func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-h.quit:
				return
			case now := <-ticker.C:
				do(now)
			}
		}
	}()
	return h
}

func (h *heartbeat) stop() {
	if h != nil {
		h.once.Do(func() { close(h.quit) })
	}
}
