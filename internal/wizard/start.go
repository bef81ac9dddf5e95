package wizard

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/questions"
)

// choose does what an entry of a menu says.
func (m *model) choose(label string) tea.Cmd {
	for _, e := range m.machine.Menu {
		switch {
		case e.Label != label:
		case e.Why != "":
			m.note = e.Why
			return nil
		case e.Backup != nil:
			return askBackup(m, e)
		case len(e.Args) == 0:
			if len(m.machine.Saved) > 0 {
				return answerAgain(m)
			}
			m.draft.Here = m.machine.Here
			return m.ask(m.draft)
		default:
			m.outcome.Command = e.Args
			return end(nil)
		}
	}
	return nil
}

// askBackup asks which backup a command takes, and then has it carried out.
func askBackup(m *model, e MenuEntry) tea.Cmd {
	from := m.page
	p := &formPage{m: m, screen: questions.BackupScreen(*e.Backup), draft: questions.New(), leave: func() tea.Cmd { m.page = from; return nil }}
	p.check = func(q questions.Question) string {
		if p.draft.Get(q.Key) == "" {
			return "name a file"
		}
		return ""
	}
	p.done = func() tea.Cmd {
		m.outcome.Command = slices.Concat(e.Args, questions.BackupArgs(p.draft))
		return end(nil)
	}
	p.build()
	m.page = p
	return nil
}
