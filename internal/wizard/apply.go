package wizard

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/theme"
	"github.com/marketcalls/openalgo-install/internal/wizard/pointing"
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
	return pointing.After(tickEvery, func(time.Time) tea.Msg { return tickMsg{} })
}

// beginApply begins an install, and shows it.
func beginApply(m *model, a answers.Answers) tea.Cmd {
	ctx, cancel := context.WithCancel(m.ctx)
	r := &run{queue: newQueue(), done: make(chan struct{})}
	m.run, m.busy, m.outcome = r, cancel, Outcome{Answers: a, Beside: m.draft.Beside(a), HasKey: m.draft.Keeps()}
	page := &applyPage{m: m, run: r, now: time.Now}
	m.page = page
	go func() {
		defer func() {
			if p := recover(); p != nil {
				r.err = finding.Named(finding.Broken, "internal-error",
					"internal error: %v. Start openalgo-install again to complete or undo the run\n%s", p, debug.Stack())
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
	m        *model
	run      *run
	now      func() time.Time
	progress present.Progress
	showLog  bool
	undoing  bool
}

func (p *applyPage) title() string {
	return map[bool]string{true: "Applying", false: "Installing"}[p.m.host.Again]
}

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

func (p *applyPage) event(e event.Event) { p.progress.Take(e, p.now()) }

// ended shows how it ended. After a SIGTERM nobody waits for that.
func (p *applyPage) ended() tea.Cmd {
	m := p.m
	m.busy, m.err = nil, p.run.err
	m.outcome.Result, m.outcome.Installed = p.run.result, p.run.err == nil
	if m.ctx.Err() != nil {
		return end(m.err)
	}
	if m.err != nil {
		m.page = &failurePage{m: m, err: m.err, log: p.progress.Log}
		return nil
	}
	m.page = &resultPage{m: m, notes: slices.DeleteFunc(p.progress.Notes, present.Repeated)}
	return nil
}

func (p *applyPage) body(width, height int) ([]string, int, int) {
	if p.showLog {
		out := []string{}
		for _, line := range p.progress.Log {
			out = append(out, wrapped(line, width)...)
		}
		if len(out) == 0 {
			out = []string{"OpenAlgo's log is empty so far."}
		}
		return out, max(len(out)-1, 0), len(out)
	}
	var out []string
	for _, s := range p.progress.Steps {
		out = append(out, p.stepLine(s, width))
		if s.State != event.Started {
			continue
		}
		for _, line := range p.progress.Bars(height / 2) {
			out = append(out, "   "+line)
		}
		for _, line := range p.progress.Words() {
			out = append(out, ansi.Truncate("   "+line, width, p.m.look.More))
		}
	}
	if len(out) == 0 {
		out = append(out, "Starting...")
	}
	if p.undoing {
		out = append(out, "", p.m.look.Warn.Render("Undoing all changes..."))
	}
	at := len(out)
	for _, note := range p.progress.Notes {
		out = append(out, "")
		out = append(out, wrapped(note, width)...)
	}
	return out, max(at-1, 0), at
}

func (p *applyPage) stepLine(s present.Step, width int) string {
	state, took := theme.Busy, p.now().Sub(s.Began)
	switch s.State {
	case event.Done:
		state, took = theme.OK, s.Took
	case event.Failed:
		state, took = theme.Problem, s.Took
	}
	mark := p.m.look.Style(state).Render(p.m.look.Sign(state))
	const elapsed = 8
	room := max(width-3-elapsed, 0)
	return fmt.Sprintf("%s  %-*s%*.1f s", mark, room, ansi.Truncate(s.Title, room, p.m.look.More), elapsed-2, took.Seconds())
}

func (p *applyPage) keys() string {
	if p.showLog {
		return "l Show steps   Ctrl+C Undo"
	}
	return "l Show log   Ctrl+C Undo"
}

// logOf is the evidence that an error brings along.
func logOf(err error) []string {
	if e := (*finding.Error)(nil); errors.As(err, &e) {
		return e.Log
	}
	return nil
}
