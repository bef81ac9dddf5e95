package wizard

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/questions"
)

// choicePage asks for one of a list, beside the questions of an install.
type choicePage struct {
	m      *model
	name   string
	head   string // what is to be read first
	field  *field
	chosen func(value string) tea.Cmd
	leave  func() tea.Cmd
	foot   string
}

// newMenuPage shows the OpenAlgo that is there already, and what can be done.
func newMenuPage(m *model) *choicePage {
	return &choicePage{m: m, name: "OpenAlgo in " + m.host.Dir, head: strings.TrimRight(m.machine.Instance, "\n"), field: menuField(m), chosen: m.choose,
		foot: "Up/Down Choose   Enter Run   Ctrl+C Quit", leave: func() tea.Cmd {
			m.note = "This is the first page. Ctrl+C quits."
			return nil
		}}
}

// menuField is the list of what can be done.
func menuField(m *model) *field {
	var choices []questions.Choice
	for _, e := range m.machine.Menu {
		choices = append(choices, questions.Choice{Value: e.Label, Label: e.Label})
	}
	return listField(m, "What do you want to do?", "", choices)
}

// listField is a list that has the keys; its first choice is preselected.
func listField(m *model, label, help string, choices []questions.Choice) *field {
	q := questions.Question{Key: "choice", Preset: choices[0].Value, Label: questions.Fixed(label), Help: questions.Fixed(help), Choices: func() []questions.Choice { return choices }}
	f := newField(q, questions.New(), m.look)
	f.focus(true)
	return f
}

func (p *choicePage) title() string { return p.name }

func (p *choicePage) update(msg tea.Msg) tea.Cmd {
	key, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	switch key.String() {
	case "enter":
		if value, ok := p.field.text(); ok {
			return p.chosen(value)
		}
		p.field.problem = p.field.unchosen()
	case "esc":
		return p.leave()
	default:
		p.field.key(key)
	}
	return nil
}

func (p *choicePage) body(width, height int) (out []string, from, to int) {
	if p.head != "" {
		for line := range strings.SplitSeq(p.head, "\n") {
			out = append(out, wrapped(line, width)...)
		}
		out = append(out, "")
	}
	from = len(out)
	out = append(out, p.field.lines(width, height-len(out), p.m.look)...)
	return out, from, len(out)
}

func (p *choicePage) keys() string { return p.foot }

// answerAgain asks the questions with the answers of the instance that is there.
func answerAgain(m *model) tea.Cmd {
	return m.ask(questions.Of(m.machine.Saved))
}
