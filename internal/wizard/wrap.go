package wizard

import (
	"strings"

	"github.com/marketcalls/openalgo-install/internal/theme"
)

// plainWidth is how wide plain lines are, in cells.
const plainWidth = 76

// wrap breaks text into lines of at most width cells, at spaces where it can.
func wrap(text string, width int) string { return strings.Join(theme.Wrap(text, width), "\n") }

// wrapped is text as lines of at most width cells.
//
//go:noinline
func wrapped(text string, width int) []string { return theme.Wrap(text, width) }

// hanging is text as lines of at most width cells, of which the further ones begin
// below the first one's words: after its spaces and its number.
func hanging(text string, width int) []string {
	indent := len(text) - len(strings.TrimLeft(text, " "))
	if number, _, ok := strings.Cut(text[indent:], ". "); ok && strings.Trim(number, "0123456789") == "" {
		indent += len(number) + 2
	}
	if width-indent < 8 {
		return wrapped(text, width)
	}
	out := wrapped(text[indent:], width-indent)
	for i, line := range out {
		out[i] = strings.Repeat(" ", indent) + line
	}
	out[0] = text[:indent] + out[0][indent:]
	return out
}
