package wizard

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"

	"github.com/marketcalls/openalgo-install/internal/questions"
	"github.com/marketcalls/openalgo-install/internal/theme"
	"github.com/marketcalls/openalgo-install/internal/wizard/picker"
)

// field is one question on a screen. Text is drawn and edited by huh, a list by
// package picker; which field has the keys, and what a right value is, is decided
// here and at once. (huh's own form moves on by messages, and a key that follows fast
// would still go to the field before.)
type field struct {
	q           questions.Question
	label, help string
	input       huh.Field    // of a text
	list        *picker.List // of a choice
	value       string       // what huh edits
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
	f.input = huh.NewInput().Title(f.label).Description(f.help).Prompt("> ").Value(&f.value)
	f.mask()
	f.input = f.input.WithTheme(l.Fields()).WithKeyMap(huh.NewDefaultKeyMap())
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
	mode := huh.EchoModeNormal
	if f.q.Secret && !f.revealed {
		mode = huh.EchoModePassword
	}
	if input, ok := f.input.(*huh.Input); ok {
		input.EchoMode(mode)
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
	// What huh wants done later is the blinking of its cursor; one that stands
	// still costs no bytes.
	updated, _ := f.input.Update(msg)
	f.input = updated.(huh.Field)
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
		f.input = f.input.WithWidth(width)
		for line := range strings.SplitSeq(strings.TrimRight(f.input.View(), "\n"), "\n") {
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
