package wizard

import (
	"context"
	"fmt"
	"strings"
	"sync"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
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
	look          look
	width, height int

	draft   *draft
	machine Machine
	at      int // 0 is the machine, then the screens, then the review
	page    page
	note    string // said once, above the keys, until the next key
	leaving bool   // ctrl+c was typed, and a yes is awaited

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
func newModel(ctx context.Context, host Host, l look) *model {
	m := &model{ctx: ctx, host: host, look: l, width: 80, height: 24, draft: newDraft()}
	m.page = &machinePage{m: m}
	return m
}

func (m *model) Init() tea.Cmd { return m.lookAtMachine() }

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
	return m, m.page.update(msg)
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
	return end(ErrEnded)
}

// stopped ends the wizard, or waits for the apply that is being undone.
func (m *model) stopped() tea.Cmd {
	if page, ok := m.page.(*applyPage); ok {
		return page.update(undoMsg{})
	}
	return end(ErrEnded)
}

// interrupt is ctrl+c: an apply is undone at once, anything else asks first.
func (m *model) interrupt() tea.Cmd {
	switch m.page.(type) {
	case *applyPage:
		m.busy()
		return m.page.update(undoMsg{})
	case *resultPage, *failurePage:
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
		return end(ErrEnded)
	case "n", "N", "esc":
		m.leaving = false
	}
	return nil
}

// last is the number of the review.
func last() int { return len(screens) + 1 }

// show puts step at on the screen.
func (m *model) show(at int) tea.Cmd {
	m.at = at
	switch {
	case at == 0:
		m.page = &machinePage{m: m, seen: true}
		return nil
	case at == last():
		return m.review()
	}
	page := newFormPage(m, &screens[at-1])
	m.page = page
	return page.askDNS()
}

// next shows what comes after this step.
func (m *model) next() tea.Cmd {
	at := m.at + 1
	for at < last() && !screens[at-1].shown(m.draft) {
		at++
	}
	return m.show(at)
}

// back shows what came before this step.
func (m *model) back() tea.Cmd {
	if m.at == 0 {
		m.note = "This is the first page. ctrl+c leaves."
		return nil
	}
	at := m.at - 1
	for at > 0 && !screens[at-1].shown(m.draft) {
		at--
	}
	return m.show(at)
}

// step says where in the wizard the user is.
func (m *model) step() string {
	n, of := 1, 2
	for i, s := range screens {
		if s.shown(m.draft) {
			of++
			if i+1 <= m.at {
				n++
			}
		}
	}
	if m.at == last() {
		n = of
	}
	return fmt.Sprintf("%d of %d", n, of)
}

const (
	minWidth   = 20
	maxWidth   = 100 // longer lines are hard to read
	headHeight = 3   // title, rule, blank
)

func (m *model) View() string {
	width := min(max(m.width, minWidth), maxWidth)
	// The page knows only with its height whether there is more to scroll to,
	// which its keys then say.
	m.page.body(width-2, max(m.height-headHeight-len(m.foot(width-2)), 1))
	foot := m.foot(width - 2)
	height := max(m.height-headHeight-len(foot), 1)
	lines, from, to := m.page.body(width-2, height)
	out := []string{m.header(width), strings.Repeat(m.look.rule, width), ""}
	for _, line := range window(lines, height, from, to) {
		out = append(out, m.cut(" "+line, width))
	}
	for len(out) < height+headHeight {
		out = append(out, "")
	}
	for _, line := range foot {
		out = append(out, m.cut(" "+line, width))
	}
	return strings.Join(out[:min(len(out), max(m.height, 1))], "\n")
}

// foot is what stands below the body: the note, and the keys.
func (m *model) foot(width int) []string {
	out := []string{""}
	for _, line := range wrapped(m.note, width) {
		if m.note != "" {
			out = append(out, m.look.warn.Render(line))
		}
	}
	return append(out, m.keyLines(width)...)
}

func (m *model) keyLines(width int) []string {
	if m.leaving {
		question := "Leave? Nothing was changed.  y yes  n no"
		if m.busy != nil {
			question = "Leave? What runs now is stopped.  y yes  n no"
		}
		var out []string
		for _, line := range wrapped(question, width) {
			out = append(out, m.look.warn.Render(line))
		}
		return out
	}
	return wrapped(m.page.keys(), width)
}

func (m *model) header(width int) string {
	left, right := " "+m.page.title(), m.stepLabel()
	if right == "" {
		return m.cut(m.look.title.Render(left), width)
	}
	gap := width - ansi.StringWidth(left) - ansi.StringWidth(right) - 1
	if gap < 1 {
		return m.cut(m.look.title.Render(left), width)
	}
	return m.look.title.Render(left) + strings.Repeat(" ", gap) + right
}

func (m *model) stepLabel() string {
	switch m.page.(type) {
	case *machinePage, *formPage, *reviewPage:
		return m.step()
	}
	return ""
}

func (m *model) cut(line string, width int) string { return ansi.Truncate(line, width, m.look.more) }

// window is the part of lines that fits into height and shows those from
// from to to.
func window(lines []string, height, from, to int) []string {
	if len(lines) <= height {
		return lines
	}
	start := 0
	if to > height {
		start = to - height
	}
	start = min(start, from)
	start = max(min(start, len(lines)-height), 0)
	return lines[start : start+height]
}
