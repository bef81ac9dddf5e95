package wizard

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// plainWidth is how wide plain lines are, in cells.
const plainWidth = 76

// wrap breaks text into lines of at most width cells, at spaces where it can.
func wrap(text string, width int) string { return ansi.Wrap(text, max(width, 1), "") }

// wrapped is text as lines of at most width cells.
func wrapped(text string, width int) []string { return strings.Split(wrap(text, width), "\n") }

// hanging is text as lines of at most width cells, of which the further ones begin
// below the first one's words: after its spaces and its number.
func hanging(text string, width int) []string {
	indent := len(text) - len(strings.TrimLeft(text, " "))
	if number, _, ok := strings.Cut(text[indent:], ". "); ok && strings.Trim(number, "0123456789") == "" {
		indent += len(number) + 2
	}
	out := wrapped(text, width)
	if len(out) == 1 || width-indent < 8 {
		return out
	}
	rest := strings.Join(out[1:], " ")
	for i, line := range wrapped(rest, width-indent) {
		out = append(out[:i+1], strings.Repeat(" ", indent)+line)
	}
	return out
}
