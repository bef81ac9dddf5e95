package wizard

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"

	"github.com/marketcalls/openalgo-install/internal/questions"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// field is one question on a screen. The drawing and the editing are huh's;
// which field has the keys, and what a right value is, is decided here and at
// once. (huh's own form moves on by messages, and a key that follows fast would
// still go to the field before.)
type field struct {
	q        questions.Question
	input    huh.Field
	value    string // what huh edits
	problem  string
	revealed bool
}

// listHeight is how many lines a long list of choices gets at most.
const listHeight = 14

func newField(q questions.Question, d *questions.Draft, l *theme.Theme) *field {
	f := &field{q: q, value: d.Offer(q)}
	label, help := q.Label(d), q.Help(d)
	keys := huh.NewDefaultKeyMap()
	if q.Choices == nil {
		input := huh.NewInput().Title(label).Description(help).Prompt("> ").Value(&f.value)
		f.input = input
		f.mask()
	} else {
		choices := q.Choices()
		options := make([]huh.Option[string], len(choices))
		for i, c := range choices {
			options[i] = huh.NewOption(c.Label, c.Value)
		}
		list := huh.NewSelect[string]().Title(label).Description(help).Value(&f.value).Options(options...)
		if len(choices) > listHeight {
			list = list.Height(listHeight).Filtering(true)
		} else {
			keys.Select.Filter.SetEnabled(false)
		}
		f.input = list
	}
	f.input = f.input.WithTheme(l.Fields()).WithKeyMap(keys)
	return f
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
			note = "Blanks and line breaks of the pasted text were taken away."
		}
		msg.Runes = []rune(clean)
	}
	f.problem = ""
	// What huh wants done later is the blinking of its cursor; one that stands
	// still costs no bytes.
	updated, _ := f.input.Update(msg)
	f.input = updated.(huh.Field)
	return note
}

// text is what the user has put in. false: a list shows nothing to choose.
func (f *field) text() (string, bool) {
	if list, ok := f.input.(*huh.Select[string]); ok {
		return list.Hovered()
	}
	return f.value, true
}

func (f *field) lines(width int, l *theme.Theme) []string {
	f.input = f.input.WithWidth(width)
	var out []string
	for line := range strings.SplitSeq(strings.TrimRight(f.input.View(), "\n"), "\n") {
		out = append(out, strings.TrimRight(line, " "))
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
