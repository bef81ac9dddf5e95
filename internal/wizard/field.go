package wizard

import (
	"strings"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/marketcalls/openalgo-install/internal/questions"
	"github.com/marketcalls/openalgo-install/internal/theme"
	"github.com/marketcalls/openalgo-install/internal/wizard/picker"
)

// field is one question on a screen. The line of a text is drawn and edited by
// textinput, a list by package picker; which field has the keys, and what a right
// value is, is decided here and at once.
type field struct {
	q           questions.Question
	label, help string
	input       *textinput.Model // of a text
	list        *picker.List     // of a choice
	value       string           // what input holds
	focused     bool
	problem     string
	revealed    bool
}

func newField(q questions.Question, d *questions.Draft, l *theme.Theme) *field {
	f := &field{q: q, value: d.Offer(q), label: q.Label(d), help: q.Help(d)}
	if q.Choices != nil {
		f.list = newList(q, f.value)
		f.list.SetSearch(d.Searched[q.Key])
		return f
	}
	input, styles := textinput.New(), l.Field(false)
	input.PromptStyle, input.PlaceholderStyle = styles.Prompt, styles.Placeholder
	input.Cursor.Style, input.Cursor.TextStyle, input.TextStyle = styles.Text, styles.Text, styles.Text
	input.SetValue(f.value)
	f.input = &input
	f.mask()
	return f
}

// focus gives the keys to the field, or takes them.
func (f *field) focus(on bool) {
	f.focused = on
	switch {
	case f.input == nil:
	case on:
		f.input.Focus()
	default:
		f.value = f.input.Value()
		f.input.Blur()
	}
}

func (f *field) title(l *theme.Theme) string {
	if f.focused {
		return l.Title.Render(f.label)
	}
	return f.label
}

// mask shows or hides a secret.
func (f *field) mask() {
	if f.input == nil {
		return
	}
	f.input.EchoMode = textinput.EchoNormal
	if f.q.Secret && !f.revealed {
		f.input.EchoMode = textinput.EchoPassword
	}
}

func (f *field) reveal() {
	f.revealed = !f.revealed
	f.mask()
}

// key gives a key to the field. It says what was done to a pasted text.
func (f *field) key(msg tea.KeyMsg) (note string) {
	if msg.Paste {
		text := string(msg.Runes)
		clean := strings.TrimSpace(strings.Map(func(r rune) rune {
			if r == '\n' || r == '\r' || r == '\t' {
				return -1
			}
			return r
		}, text))
		if clean != text {
			note = "Spaces and line breaks were removed from the pasted text."
		}
		msg.Runes = []rune(clean)
	}
	f.problem = ""
	if f.list != nil {
		f.list.Key(msg)
		return note
	}
	// The command is the blinking of the cursor; one that stands still costs no bytes.
	*f.input, _ = f.input.Update(msg)
	f.value = f.input.Value()
	return note
}

// text is what the user has put in. false: nothing on the list is chosen.
func (f *field) text() (string, bool) {
	if f.list != nil {
		return f.list.Value()
	}
	return f.value, true
}

// lines draws the field; a list gets as many lines as there is height for.
func (f *field) lines(width, height int, l *theme.Theme) []string {
	var out []string
	if f.list != nil {
		for _, line := range f.listLines(width-2, height, l) {
			out = append(out, l.Side(f.focused)+line)
		}
	} else {
		for line := range strings.SplitSeq(strings.TrimRight(f.draw(width, l), "\n"), "\n") {
			out = append(out, strings.TrimRight(line, " "))
		}
	}
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	for i, line := range wrapped(f.problem, width-4) {
		if f.problem == "" {
			break
		}
		mark := "  "
		if i == 0 {
			mark = "! "
		}
		out = append(out, "  "+l.Bad.Render(mark+line))
	}
	return out
}

// draw is the label, the help and the line of a text, beside the bar of the field
// that has the keys.
func (f *field) draw(width int, l *theme.Theme) string {
	styles := l.Field(f.focused)
	inner := width - styles.Base.GetHorizontalFrameSize()
	f.input.Width = inner - ansi.StringWidth(f.input.Prompt) - 1
	var text strings.Builder
	if f.label != "" {
		text.WriteString(styles.Title.Render(wrap(f.label, inner)) + "\n")
	}
	if f.help != "" {
		text.WriteString(styles.Text.Render(wrap(f.help, inner)) + "\n")
	}
	text.WriteString(f.input.View())
	return styles.Base.Width(width).Render(text.String())
}
