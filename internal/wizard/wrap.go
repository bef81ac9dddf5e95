package wizard

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// plainWidth is how wide plain lines are, in cells.
const plainWidth = 76

// wrap breaks text into lines of at most width cells, at blanks where it can.
func wrap(text string, width int) string { return ansi.Wrap(text, max(width, 1), "") }

// wrapped is text as lines of at most width cells.
func wrapped(text string, width int) []string { return strings.Split(wrap(text, width), "\n") }
