package wizard

import (
	"maps"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/draft"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/questions"
)

// ask begins the questions with what is known, or with the answers of an interview
// that was cut off.
func (m *model) ask(known *questions.Draft) tea.Cmd {
	m.draft, m.kept, m.at = known, maps.Clone(known.Given), 0
	if m.host.Drafts == nil || m.offered {
		return m.next()
	}
	m.offered = true
	if kept := m.host.Drafts.Load(); kept != nil {
		m.page = newResumePage(m, kept)
		return nil
	}
	return m.next()
}

// keepAnswers has the answers written, should the line drop. What is typed is kept
// with every key.
func (m *model) keepAnswers() {
	if _, asks := m.page.(*formPage); m.host.Drafts == nil || m.run != nil || m.at == 0 && !asks || maps.Equal(m.draft.Given, m.kept) {
		return
	}
	m.kept = maps.Clone(m.draft.Given)
	m.host.Drafts.Keep(m.kept)
}

const resume, again = "resume", "again"

// newResumePage offers the answers of an interview that was cut off.
func newResumePage(m *model, kept *draft.Draft) *choicePage {
	return &choicePage{m: m, name: "Saved answers", foot: "Up/Down Choose   Enter Next   Esc Back   Ctrl+C Quit",
		field: listField(m, "Continue with the answers of "+market.Text(kept.At)+"?",
			"They are saved on this machine, with your API key and secret if you entered them. Only you can read them.",
			[]questions.Choice{{Value: resume, Label: "Continue with these answers"}, {Value: again, Label: "Delete these answers and start again"}}),
		chosen: func(value string) tea.Cmd {
			if value == resume {
				at := m.draft.Resume(kept.Given)
				m.kept = maps.Clone(m.draft.Given)
				return m.show(at + 1)
			}
			err := m.host.Drafts.Drop()
			cmd := m.next()
			if err != nil {
				m.note = err.Error()
			}
			return cmd
		},
		leave: func() tea.Cmd {
			m.offered = false
			return m.show(0)
		}}
}
