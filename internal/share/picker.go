package share

import (
	"io"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// Item is a text that may be copied.
type Item struct{ Label, Text string }

// Picker is the page on which one of several texts is copied, or an address is shown
// as a QR code.
type Picker struct {
	Items []Item
	Code  bool      // a QR code of the first one is shown
	Out   io.Writer // the terminal

	at     int
	copied string // what was copied last
	fault  string
}

// NewPicker leaves out what has no text. nil: nothing is left.
func NewPicker(out io.Writer, items ...Item) *Picker {
	p := &Picker{Out: out}
	for _, i := range items {
		if i.Text = printable.Line(i.Text); i.Text != "" { // whoever pastes it may be in a shell
			p.Items = append(p.Items, i)
		}
	}
	if len(p.Items) == 0 {
		return nil
	}
	return p
}

// Title is that of the page.
func (p *Picker) Title() string {
	if p.Code {
		return "QR code"
	}
	return "Copy"
}

// Key takes a key; false: the page is left.
func (p *Picker) Key(msg tea.KeyMsg) bool {
	switch key := msg.String(); key {
	case "up", "k":
		p.at = max(p.at-1, 0)
	case "down", "j":
		p.at = min(p.at+1, len(p.Items)-1)
	case "enter", "y":
		if p.Code {
			return false
		}
		p.copy()
	case "esc", "q", "Q":
		return false
	default:
		if n := int(key[0] - '1'); len(key) == 1 && n >= 0 && n < len(p.Items) && !p.Code {
			p.at = n
			p.copy()
		}
	}
	return true
}

func (p *Picker) copy() {
	p.copied, p.fault = "", ""
	if err := Copy(p.Out, p.Items[p.at].Text); err != nil {
		p.fault = err.Error()
		return
	}
	p.copied = p.Items[p.at].Label
}

// Lines draws the page.
func (p *Picker) Lines(t *theme.Theme, width, height int) []string {
	if p.Code {
		return p.codeLines(t, width, height)
	}
	var out []string
	for i, item := range p.Items {
		mark := "  "
		if i == p.at {
			mark = t.Accent.Render("> ")
		}
		out = append(out, mark+t.Title.Render(item.Label))
		for _, line := range theme.Wrap(item.Text, width-4) {
			out = append(out, "    "+line)
		}
	}
	out = append(out, "")
	switch {
	case p.fault != "":
		out = append(out, t.Message(theme.Problem, "Not copied: "+p.fault, width)...)
	case p.copied != "":
		out = append(out, t.Message(theme.OK, "Copied: "+p.copied, width)...)
		out = append(out, theme.Wrap("If your clipboard did not change, your terminal does not allow copying. Select the text with the mouse instead.", width)...)
	}
	return out
}

func (p *Picker) codeLines(t *theme.Theme, width, height int) []string {
	text := p.Items[0].Text
	out := theme.Wrap(text, width)
	code, err := QR(t, text, width, height-len(out)-1)
	if err != nil {
		return append(append(out, ""), t.Message(theme.Caution, printable.Capital(err.Error())+".", width)...)
	}
	return append(append(out, ""), code...)
}

// Keys are those of the page.
func (p *Picker) Keys() []theme.Key {
	if p.Code {
		return theme.Keys("Esc", "Back")
	}
	return theme.Keys("Up/Down", "Choose", "Enter", "Copy", "Esc", "Back")
}
