package wizard

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

// menuPage shows the OpenAlgo that is there already, and what can be done.
type menuPage struct {
	m     *model
	field *field
}

func newMenuPage(m *model) *menuPage {
	var choices []choice
	for _, e := range m.machine.Menu {
		choices = append(choices, choice{value: e.Label, label: e.Label})
	}
	q := question{key: "menu", label: fixed("What is to be done?"), help: fixed(""), choices: func() []choice { return choices }}
	p := &menuPage{m: m, field: newField(q, newDraft(), m.look)}
	p.field.input.Focus()
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
		p.m.note = "This is the first page. ctrl+c leaves."
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
			p.m.draft = draftOf(p.m.machine.Saved)
			return p.m.show(1)
		default:
			p.m.outcome.Command = e.Args
			return end(nil)
		}
	}
	return nil
}

func (p *menuPage) body(width, _ int) (out []string, from, to int) {
	for line := range strings.SplitSeq(strings.TrimRight(p.m.machine.Instance, "\n"), "\n") {
		out = append(out, wrapped(line, width)...)
	}
	out = append(out, "")
	from = len(out)
	out = append(out, p.field.lines(width, p.m.look)...)
	return out, from, len(out)
}

func (p *menuPage) keys() string { return "up/down choose  enter do it  ctrl+c leave" }

// draftOf is the draft that an answers file without secrets stands for, as far
// as there are questions for what it says.
func draftOf(saved []byte) *draft {
	d, texts := newDraft(), answers.Texts(saved)
	if len(texts) == 0 {
		return d // nothing to begin with
	}
	for _, s := range screens {
		for _, q := range s.questions {
			if text, ok := texts[q.key]; ok && !q.secret {
				d.given[q.key] = text
			}
		}
	}
	switch ref := texts["image.ref"]; {
	case texts["image.source"] == "rehearsal":
		d.given["image"] = "rehearsal"
	case ref != "":
		d.given["image"] = ref
	}
	d.given[keyAdvanced] = "no"
	for _, q := range screens[len(screens)-1].questions[1:] {
		if given, ok := d.given[q.key]; ok && given != q.preset {
			d.given[keyAdvanced] = "yes"
		}
	}
	return d
}
