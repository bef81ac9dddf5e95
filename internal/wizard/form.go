package wizard

import (
	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/questions"
)

// formPage asks the questions of one screen.
type formPage struct {
	m      *model
	screen *questions.Screen
	draft  *questions.Draft
	check  func(questions.Question) string
	done   func() tea.Cmd // all answers are right
	leave  func() tea.Cmd // the page before is wanted

	fields []*field
	at     int // which of the shown fields has the keys
}

func newFormPage(m *model, s *questions.Screen) *formPage {
	p := &formPage{m: m, screen: s, draft: m.draft, check: m.draft.Problem, done: m.next, leave: m.back}
	p.build()
	return p
}

func (p *formPage) build() {
	for _, q := range p.screen.Questions {
		p.fields = append(p.fields, newField(q, p.draft, p.m.look))
	}
	p.focus(0)
}

// shown are the fields that are asked now.
func (p *formPage) shown() []*field {
	var out []*field
	for _, f := range p.fields {
		if f.q.Shown(p.draft) {
			out = append(out, f)
		}
	}
	return out
}

func (p *formPage) focus(at int) {
	for i, f := range p.shown() {
		f.focus(i == at)
	}
	p.at = at
}

func (p *formPage) title() string { return p.screen.Title }

func (p *formPage) update(msg tea.Msg) tea.Cmd {
	if key, ok := msg.(tea.KeyMsg); ok {
		return p.key(key)
	}
	return nil
}

func (p *formPage) key(msg tea.KeyMsg) tea.Cmd {
	fields := p.shown()
	if msg.Paste && len(fields) == 0 {
		return nil
	}
	key := msg.String()
	switch {
	case key == "esc" && len(fields) > 0 && fields[p.at].list != nil && fields[p.at].list.Clear():
		fields[p.at].problem = ""
		p.keep()
		return nil
	case key == "esc":
		p.keep()
		return p.leave()
	case len(fields) == 0:
		if key == "enter" {
			return p.done()
		}
		return nil
	case key == "enter" || key == "tab":
		return p.submit(fields)
	case key == "shift+tab" || key == "up" && fields[p.at].q.Choices == nil:
		p.keep()
		if p.at > 0 {
			p.focus(p.at - 1)
			return nil
		}
		if key == "up" {
			return nil
		}
		return p.leave()
	case key == "down" && fields[p.at].q.Choices == nil:
		if p.at+1 < len(fields) {
			return p.submit(fields)
		}
		return nil
	case key == "ctrl+r" && fields[p.at].q.Secret:
		fields[p.at].reveal()
		return nil
	}
	p.m.note = fields[p.at].key(msg)
	p.keep()
	return p.askDNS()
}

// keep writes what stands in the field into the draft, right or not.
func (p *formPage) keep() {
	fields := p.shown()
	if len(fields) == 0 {
		return
	}
	f := fields[p.at]
	if f.list != nil {
		p.draft.Searched[f.q.Key] = f.list.Search()
	}
	if text, ok := f.text(); ok && (text != "" || f.q.Preset == "") {
		p.draft.Take(f.q, text)
	}
}

// submit checks the field and goes on, to the next one or the next page.
func (p *formPage) submit(fields []*field) tea.Cmd {
	f := fields[p.at]
	text, ok := f.text()
	if !ok {
		f.problem = f.unchosen()
		return nil
	}
	if p.draft.Take(f.q, text) {
		p.m.note = f.q.Label(p.draft) + ": spaces around it were removed."
	}
	if f.problem = p.check(f.q); f.problem != "" {
		return nil
	}
	f.revealed = false
	f.mask()
	delete(p.draft.Searched, f.q.Key) // it has found what it was for
	if p.at+1 < len(p.shown()) {
		p.focus(p.at + 1)
		return nil
	}
	return p.done()
}

func (p *formPage) body(width, height int) (out []string, from, to int) {
	if intro := p.screen.Intro(p.draft); intro != "" {
		out = append(wrapped(intro, width), "")
	}
	if p.screen == &questions.Screens[1] { // the page after the domain's
		out = append(out, p.m.points.Later(p.m.look, width)...)
	}
	to = len(out)
	for i, f := range p.shown() {
		if i == p.at {
			from = len(out)
		}
		out = append(out, f.lines(width, height-len(out)-1, p.m.look)...)
		if f.q.Key == questions.KeyDomain {
			out = append(out, p.m.points.Lines(p.m.look, width)...)
		}
		if i == p.at {
			to = len(out)
		}
		out = append(out, "")
	}
	return out, from, to
}

func (p *formPage) keys() string {
	fields := p.shown()
	keys := "Enter Next   Esc Back   Ctrl+C Quit"
	if len(fields) > 0 && fields[p.at].q.Secret {
		keys = "Enter Next   Esc Back   Ctrl+R Show   Ctrl+C Quit"
	}
	if len(fields) > 0 && fields[p.at].list != nil && fields[p.at].list.Search() != "" {
		keys = "Enter Next   Esc Clear   Ctrl+C Quit"
	}
	if len(fields) > 0 && fields[p.at].q.Choices != nil && len(fields[p.at].q.Choices()) > 1 {
		keys = "Up/Down Choose   " + keys
	}
	return keys
}

// askDNS has the domain looked up that stands in its field.
func (p *formPage) askDNS() tea.Cmd {
	if p.screen.Title != questions.Screens[0].Title {
		return nil
	}
	return p.m.points.About(p.draft.Get(questions.KeyDomain), p.check(p.screen.Questions[0]) == "")
}
