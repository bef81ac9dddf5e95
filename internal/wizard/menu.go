package wizard

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/questions"
)

// menuPage shows the OpenAlgo that is there already, and what can be done.
type menuPage struct {
	m     *model
	field *field
}

func newMenuPage(m *model) *menuPage {
	var choices []questions.Choice
	for _, e := range m.machine.Menu {
		choices = append(choices, questions.Choice{Value: e.Label, Label: e.Label})
	}
	q := questions.Question{Key: "menu", Preset: choices[0].Value, Label: questions.Fixed("What do you want to do?"), Help: questions.Fixed(""), Choices: func() []questions.Choice { return choices }}
	p := &menuPage{m: m, field: newField(q, questions.New(), m.look)}
	p.field.focus(true)
	return p
}

func (p *menuPage) title() string { return "OpenAlgo in " + p.m.host.Dir }

func (p *menuPage) update(msg tea.Msg) tea.Cmd {
	key, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	switch key.String() {
	case "enter":
		return p.choose()
	case "esc":
		p.m.note = "This is the first page. Ctrl+C quits."
	default:
		p.field.key(key)
	}
	return nil
}

func (p *menuPage) choose() tea.Cmd {
	label, _ := p.field.text()
	for _, e := range p.m.machine.Menu {
		switch {
		case e.Label != label:
		case len(e.Args) == 0:
			return answerAgain(p.m)
		default:
			p.m.outcome.Command = e.Args
			return end(nil)
		}
	}
	return nil
}

// answerAgain asks the questions with the answers of the instance that is there.
func answerAgain(m *model) tea.Cmd {
	m.draft = questions.Of(m.machine.Saved)
	return m.show(1)
}

func (p *menuPage) body(width, height int) (out []string, from, to int) {
	for line := range strings.SplitSeq(strings.TrimRight(p.m.machine.Instance, "\n"), "\n") {
		out = append(out, wrapped(line, width)...)
	}
	out = append(out, "")
	from = len(out)
	out = append(out, p.field.lines(width, height-len(out), p.m.look)...)
	return out, from, len(out)
}

func (p *menuPage) keys() string { return "Up/Down Choose   Enter Run   Ctrl+C Quit" }
