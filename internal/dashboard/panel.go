package dashboard

import (
	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// Panel is a page about messages or backups, with what can be done about them.
type Panel struct {
	Title string
	Rows  []Row
	Deeds []Deed
}

// Row is one fact. Bad ones are marked.
type Row struct {
	Label, Text string // no label: it belongs to the one above
	Bad         bool
}

// Deed is something to do: a command of this machine, or what another key does.
type Deed struct {
	Label string
	Args  []string
	Key   string // that does it; Args count where it is ""
	Here  bool   // the command is for the chosen instance
	// Asks and Help are the question whose answer ends the command; "": none.
	Asks, Help string
}

// panel is the Panel that is shown, once it is there.
type panel struct {
	Panel
	about string // the title while it is looked for
	there bool
	at    int
}

// panelMsg brings the Panel that was asked for.
type panelMsg struct {
	about string
	Panel
}

func openMessages(m hand) tea.Cmd { return openPanel(m, "Messages", m.Messages) }

func openBackups(m hand) tea.Cmd {
	if m.Backups == nil {
		return nil
	}
	dir := m.current().Dir
	return openPanel(m, "Backups", func() Panel { return m.Backups(dir) })
}

// openPanel has a page looked for, which takes a moment.
func openPanel(m hand, about string, look func() Panel) tea.Cmd {
	if look == nil {
		return nil
	}
	if m.page != menuPage && m.page != panelPage {
		m.from = m.page
	}
	m.page, m.panel = panelPage, panel{about: about}
	return func() tea.Msg { return panelMsg{about, look()} }
}

func (m *model) takePanel(msg panelMsg) {
	if m.page == panelPage && m.panel.about == msg.about {
		m.panel.Panel, m.panel.there = msg.Panel, true
	}
}

func panelKey(m hand, msg tea.KeyMsg) tea.Cmd {
	deeds := m.panel.Deeds
	switch msg.String() {
	case "up", "k":
		m.panel.at = max(m.panel.at-1, 0)
	case "down", "j":
		m.panel.at = max(min(m.panel.at+1, len(deeds)-1), 0)
	case "esc":
		m.page = m.from
	case "enter":
		if m.panel.at < len(deeds) {
			return carryOut(m, deeds[m.panel.at])
		}
	}
	return nil
}

func carryOut(m hand, d Deed) tea.Cmd {
	switch {
	case d.Key != "":
		m.page = m.from
		return m.perform(m.actionOf(d.Key), d.Key)
	case d.Asks != "":
		return m.perform(&action{args: d.Args, alone: !d.Here, asks: &question{text: d.Asks, help: d.Help}}, "")
	}
	return m.choose(d.Args, !d.Here)
}

// panelLines are the facts, and below them what can be done. Where there is little room
// the last facts go.
func (m frame) panelLines(width, height int) []string {
	if !m.panel.there {
		return []string{m.Theme.Word(theme.Busy, "looking")}
	}
	const label = 15
	var out []string
	for _, r := range m.panel.Rows {
		text := printable.Line(r.Text)
		if r.Bad {
			text = m.Theme.Word(theme.Caution, text)
		}
		for n, line := range theme.Wrap(text, max(width-label, 16)) {
			title := ""
			if n == 0 {
				title = m.Theme.Title.Render(r.Label)
			}
			out = append(out, m.Theme.Fit(title, label)+line)
		}
	}
	room := max(height-len(m.panel.Deeds)-1, 0)
	if len(out) > room {
		out = out[:room]
	}
	out = append(out, "")
	for n, d := range m.panel.Deeds {
		mark, text := "  ", d.Label
		if n == m.panel.at {
			mark, text = m.Theme.Accent.Render("> "), m.Theme.Title.Render(d.Label)
		}
		out = append(out, m.Theme.Cut(mark+text, width))
	}
	return out[max(min(len(out)-height, len(out)-len(m.panel.Deeds)+m.panel.at-height+1), 0):]
}
