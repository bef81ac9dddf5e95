package theme

import "github.com/charmbracelet/lipgloss"

// State is how something is.
type State int

// The states.
const (
	Off     State = iota // not running, and meant so
	Busy                 // on its way
	OK                   // as it should be
	Caution              // worth a look
	Problem              // does not work
)

var (
	unicodeSigns = map[State]string{Off: "○", Busy: "◐", OK: "●", Caution: "!", Problem: "✗"}
	asciiSigns   = map[State]string{Off: "o", Busy: "~", OK: "*", Caution: "!", Problem: "x"}
)

// Style is what a state is drawn with.
func (t *Theme) Style(s State) lipgloss.Style {
	switch s {
	case OK:
		return t.Good
	case Busy:
		return t.Accent
	case Caution:
		return t.Warn
	case Problem:
		return t.Bad
	case Off:
	}
	return t.Dim
}

// Sign is a state as one cell.
func (t *Theme) Sign(s State) string { return t.signs[s] }

// Word is a state as a sign and a word: "● ready".
func (t *Theme) Word(s State, word string) string { return t.Style(s).Render(t.Sign(s) + " " + word) }

// Message is text behind the sign of its state, as lines of at most width cells.
func (t *Theme) Message(s State, text string, width int) []string {
	var out []string
	for i, line := range Wrap(text, width-2) {
		head := "  "
		if i == 0 {
			head = t.Sign(s) + " "
		}
		out = append(out, t.Style(s).Render(head+line))
	}
	return out
}
