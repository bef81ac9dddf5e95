package wizard

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/docker/go-units"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// run is an apply. It goes on when the screen is gone.
type run struct {
	queue  *queue
	done   chan struct{} // closed at the end; result and err are set then
	result event.Result
	err    error
}

// doneMsg is the end of an apply.
type doneMsg struct{}

// tickMsg lets the elapsed times move on.
type tickMsg struct{}

const tickEvery = 250 * time.Millisecond

func tick() tea.Cmd {
	return after(tickEvery, func(time.Time) tea.Msg { return tickMsg{} })
}

// apply begins an install, and shows it.
func (m *model) apply(a answers.Answers) tea.Cmd {
	ctx, cancel := context.WithCancel(m.ctx)
	r := &run{queue: newQueue(), done: make(chan struct{})}
	m.run, m.busy, m.outcome = r, cancel, Outcome{Answers: a}
	page := &applyPage{m: m, run: r, now: time.Now, layers: map[string]event.PullProgress{}}
	m.page = page
	go func() {
		defer func() {
			if p := recover(); p != nil {
				r.err = &finding.Error{Kind: finding.Broken, Err: fmt.Errorf(
					"internal error: %v; start openalgo-install again, which ends or undoes what was begun\n%s", p, debug.Stack())}
			}
			cancel()
			close(r.done)
			r.queue.put(doneMsg{})
		}()
		r.result, r.err = m.host.Install(ctx, a, event.ReporterFunc(func(e event.Event) { r.queue.put(e) }))
	}()
	return tea.Batch(r.queue.next, tick())
}

// applyPage shows the steps of an apply, and in a pane what the container says.
type applyPage struct {
	m       *model
	run     *run
	now     func() time.Time
	steps   []applyStep
	notes   []string
	pull    *event.PullProgress
	base    string // what is pulled, when it is for a build
	build   *event.BuildProgress
	start   string                        // how far OpenAlgo's start is
	layers  map[string]event.PullProgress // what was last heard of each layer
	log     []string
	showLog bool
	undoing bool
}

type applyStep struct {
	title, state string
	began        time.Time
	took         time.Duration
}

// keptLog is how many lines of the container's log are kept.
const keptLog = 500

func (p *applyPage) title() string { return "OpenAlgo: installing" }

func (p *applyPage) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case event.Event:
		p.event(msg)
		return p.run.queue.next
	case doneMsg:
		return p.ended()
	case tickMsg:
		return tick()
	case undoMsg:
		p.undoing = true
	case tea.KeyMsg:
		if msg.String() == "l" {
			p.showLog = !p.showLog
		}
	}
	return nil
}

func (p *applyPage) event(e event.Event) {
	switch e.Type {
	case event.TypeStep:
		p.step(e)
	case event.TypeProgress:
		if e.Start != nil {
			p.start = e.Message
			return
		}
		if e.Build != nil || e.Message != p.base {
			p.layers = map[string]event.PullProgress{}
		}
		p.pull, p.build, p.base = e.Progress, e.Build, e.Message
		if p.pull != nil && p.pull.Layer != "" {
			p.layers[p.pull.Layer] = *p.pull
		}
	case event.TypeNote, event.TypeWarning:
		p.notes = append(p.notes, e.Message)
	case event.TypeLog:
		p.log = append(p.log, e.Message)
		p.log = p.log[max(len(p.log)-keptLog, 0):]
	}
}

func (p *applyPage) step(e event.Event) {
	if e.State == event.Started {
		p.steps = append(p.steps, applyStep{title: e.Message, state: e.State, began: p.now()})
		return
	}
	for i := len(p.steps) - 1; i >= 0; i-- {
		if p.steps[i].state == event.Started {
			p.steps[i].state = e.State
			p.steps[i].took = time.Duration(e.Seconds * float64(time.Second))
			p.pull, p.build, p.start = nil, nil, ""
			return
		}
	}
}

// ended shows how it ended. After a SIGTERM nobody waits for that.
func (p *applyPage) ended() tea.Cmd {
	m := p.m
	m.busy, m.err = nil, p.run.err
	m.outcome.Result, m.outcome.Installed = p.run.result, p.run.err == nil
	if m.ctx.Err() != nil {
		return end(m.err)
	}
	if m.err != nil {
		m.page = &failurePage{m: m, err: m.err, log: p.log}
		return nil
	}
	m.page = &resultPage{m: m, notes: p.notes}
	return nil
}

func (p *applyPage) body(width, height int) ([]string, int, int) {
	if p.showLog {
		out := []string{}
		for _, line := range p.log {
			out = append(out, wrapped(line, width)...)
		}
		if len(p.log) == 0 {
			out = []string{"The container has said nothing so far."}
		}
		return out, max(len(out)-1, 0), len(out)
	}
	var out []string
	for _, s := range p.steps {
		out = append(out, p.stepLine(s, width))
		if s.state == event.Started && p.pull != nil {
			out = append(out, p.pullLines(width, height)...)
		}
		if s.state == event.Started && p.start != "" {
			out = append(out, ansi.Truncate("      "+p.start, width, p.m.look.more))
		}
		if s.state == event.Started && p.build != nil {
			out = append(out, p.buildLines(width)...)
		}
	}
	if len(out) == 0 {
		out = append(out, "Beginning...")
	}
	if p.undoing {
		out = append(out, "", p.m.look.warn.Render("Undoing what was done so far..."))
	}
	at := len(out)
	for _, note := range p.notes {
		out = append(out, "")
		out = append(out, wrapped(note, width)...)
	}
	return out, max(at-1, 0), at
}

func (p *applyPage) stepLine(s applyStep, width int) string {
	mark, took := p.m.look.accent.Render(" .. "), p.now().Sub(s.began)
	switch s.state {
	case event.Done:
		mark, took = p.m.look.good.Render(" ok "), s.took
	case event.Failed:
		mark, took = p.m.look.bad.Render("FAIL"), s.took
	}
	const elapsed = 8
	room := max(width-6-elapsed, 0)
	return fmt.Sprintf("%s  %-*s%*.1f s", mark, room, ansi.Truncate(s.title, room, p.m.look.more), elapsed-2, took.Seconds())
}

// bar is a bar of which a part is full.
func bar(part float64) string {
	const length = 20
	full := min(int(part*length), length)
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", length-full) + "]"
}

// buildLines are the step that a build is at, and the last line that it
// printed.
func (p *applyPage) buildLines(width int) []string {
	b := p.build
	part := 0.0
	if b.Total > 0 {
		part = float64(b.Step-1) / float64(b.Total)
	}
	out := []string{
		fmt.Sprintf("      %s step %d of %d", bar(part), b.Step, b.Total),
		ansi.Truncate("      "+strings.Join(strings.Fields(b.Name), " "), width, p.m.look.more),
	}
	if len(p.log) > 0 {
		out = append(out, ansi.Truncate("      "+p.log[len(p.log)-1], width, p.m.look.more))
	}
	return out
}

// pullLines are the total of a pull, and its layers as far as there is room.
func (p *applyPage) pullLines(width, height int) []string {
	if p.pull.Layers == 0 {
		return []string{"      " + p.pull.Status}
	}
	var out []string
	if p.base != "" {
		out = append(out, "      "+p.base)
	}
	part := 0.0
	if p.pull.Total > 0 {
		part = float64(p.pull.Current) / float64(p.pull.Total)
	}
	out = append(out,
		fmt.Sprintf("      %s %3.0f %%", bar(part), part*100),
		fmt.Sprintf("      %s of %s, %d of %d layers", units.HumanSize(float64(p.pull.Current)), units.HumanSize(float64(p.pull.Total)), p.pull.LayersDone, p.pull.Layers))
	for _, id := range slices.Sorted(maps.Keys(p.layers)) {
		l := p.layers[id]
		if len(out) >= height/2 || l.Status == "Pull complete" || l.Status == "Already exists" {
			continue
		}
		line := fmt.Sprintf("      %-12.12s  %s", id, l.Status)
		if l.LayerTotal > 0 {
			line += fmt.Sprintf(", %s of %s", units.HumanSize(float64(l.LayerCurrent)), units.HumanSize(float64(l.LayerTotal)))
		}
		out = append(out, line)
	}
	return out
}

func (p *applyPage) keys() string {
	if p.showLog {
		return "l steps  ctrl+c stop and undo"
	}
	return "l log of the container  ctrl+c stop and undo"
}

// logOf is the evidence that an error brings along.
func logOf(err error) []string {
	if e := (*finding.Error)(nil); errors.As(err, &e) {
		return e.Log
	}
	return nil
}
