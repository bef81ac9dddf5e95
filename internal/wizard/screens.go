package wizard

import (
	"context"
	"io"
	"sync"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/questions"
	"github.com/marketcalls/openalgo-install/internal/terminal"
	"github.com/marketcalls/openalgo-install/internal/theme"
	"github.com/marketcalls/openalgo-install/internal/wizard/pointing"
)

// page is what is on the screen. What it does to the wizard it does through
// the model that it was made with.
type page interface {
	title() string
	update(tea.Msg) tea.Cmd
	// body returns the lines between title and keys; from and to are those that
	// must be seen.
	body(width, height int) (lines []string, from, to int)
	keys() string
}

// model is the whole wizard: what has been answered, and the page that shows.
type model struct {
	ctx           context.Context
	host          Host
	look          *theme.Theme
	out           io.Writer // the terminal, for its clipboard
	width, height int

	draft   *questions.Draft
	kept    map[string]string // the answers that are written, should the line drop
	offered bool              // those of an earlier interview
	machine Machine
	told    string // the redirect URL that its page showed last
	at      int    // 0 is the machine, then the screens, then the review
	page    page
	points  pointing.Advice // where the domain points
	note    string          // said once, above the keys, until the next key
	leaving bool            // ctrl+c was typed, and a yes is awaited

	busy    context.CancelFunc // stops what runs; nil: nothing does
	run     *run               // the apply, from its beginning
	outcome Outcome
	err     error // how the wizard ended

	work sync.WaitGroup // what has to be cleaned up before the program ends
}

// background does something that is waited for at the end: a plan may have made
// a container to look into.
func (m *model) background(do func()) {
	m.work.Add(1)
	go func() {
		defer m.work.Done()
		do()
	}()
}

// The first size is a guess: it is told right after the start.
func newModel(ctx context.Context, host Host, l *theme.Theme) *model {
	m := &model{ctx: ctx, host: host, look: l, out: io.Discard, width: 80, height: 24, draft: questions.New()}
	m.page, m.points.Look = &machinePage{m: m}, host.DNS
	return m
}

func (m *model) Init() tea.Cmd { return lookAtMachine(m) }

func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		if msg.Width > 0 && msg.Height > 0 {
			m.width, m.height = msg.Width, msg.Height
		}
		return m, nil
	case endMsg:
		m.err = msg.err
		return m, tea.Quit
	case hangupMsg:
		return m, m.hungUp()
	case stopMsg:
		return m, m.stopped()
	case tea.KeyMsg:
		m.note = ""
		if m.leaving {
			return m, m.answerLeave(msg)
		}
		if msg.String() == "ctrl+c" {
			return m, m.interrupt()
		}
	}
	cmd := m.points.Update(m.ctx, msg)
	if cmd == nil {
		cmd = m.page.update(msg)
	}
	m.keepAnswers()
	return m, cmd
}

// endMsg ends the wizard.
type endMsg struct{ err error }

func end(err error) tea.Cmd { return func() tea.Msg { return endMsg{err} } }

// hangupMsg says that the terminal is gone, stopMsg that the process is to end.
type (
	hangupMsg struct{}
	stopMsg   struct{}
)

// hungUp ends the screens. An apply goes on without them.
func (m *model) hungUp() tea.Cmd {
	if m.run != nil {
		return tea.Quit
	}
	return end(terminal.ErrEnded)
}

// stopped ends the wizard, or waits for the apply that is being undone.
func (m *model) stopped() tea.Cmd {
	if page, ok := m.page.(*applyPage); ok {
		return page.update(undoMsg{})
	}
	return end(terminal.ErrEnded)
}

// interrupt is ctrl+c: an apply is undone at once, anything else asks first.
func (m *model) interrupt() tea.Cmd {
	switch m.page.(type) {
	case *applyPage:
		m.busy()
		return m.page.update(undoMsg{})
	case *resultPage, *failurePage, *sharePage:
		return end(m.err)
	}
	m.leaving = true
	return nil
}

// undoMsg tells the page that what it shows is being undone.
type undoMsg struct{}

func (m *model) answerLeave(key tea.KeyMsg) tea.Cmd {
	switch key.String() {
	case "y", "Y", "ctrl+c":
		if p, ok := m.page.(*dockerPage); ok && m.busy != nil {
			m.busy()
			p.leave, m.leaving = true, false
			m.note = "Stopping..."
			return nil
		}
		return end(terminal.ErrEnded)
	case "n", "N", "esc":
		m.leaving = false
	}
	return nil
}

// last is the number of the review.
func last() int { return len(questions.Screens) + 1 }

// show puts step at on the screen.
func (m *model) show(at int) tea.Cmd {
	m.at = at
	switch {
	case at == 0:
		m.page = &machinePage{m: m, seen: true}
		return nil
	case at == last():
		return review(m)
	}
	if questions.Screens[at-1].Title == questions.RedirectTitle {
		m.told = m.draft.RedirectURL()
	}
	page := newFormPage(m, &questions.Screens[at-1])
	m.page = page
	return page.askDNS()
}

// next shows what comes after this step.
func (m *model) next() tea.Cmd {
	at := m.at + 1
	for at < last() && !questions.Screens[at-1].Shown(m.draft) {
		at++
	}
	return m.show(at)
}

// back shows what came before this step.
func (m *model) back() tea.Cmd {
	if m.host.Again && m.at <= 1 {
		return end(terminal.ErrEnded) // back to the dashboard
	}
	if m.at == 0 {
		m.note = "This is the first page. Ctrl+C quits."
		return nil
	}
	at := m.at - 1
	for at > 0 && !questions.Screens[at-1].Shown(m.draft) {
		at--
	}
	return m.show(at)
}
