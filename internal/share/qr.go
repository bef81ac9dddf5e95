package share

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"rsc.io/qr"

	"github.com/marketcalls/openalgo-install/internal/theme"
)

// quiet is the white edge of a code, in its squares. The standard wants four; readers
// are content with two, and the terminal has few lines.
const quiet = 2

// QR is a code of text, in half blocks: two squares a cell, one above the other. It
// fails where the code does not fit, or the terminal cannot show half blocks.
func QR(t *theme.Theme, text string, width, height int) ([]string, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return nil, fmt.Errorf("this address is too long for a QR code")
	}
	size := code.Size + 2*quiet
	if !t.Unicode {
		return nil, fmt.Errorf("this terminal cannot show a QR code, because its locale is not UTF-8")
	}
	if size > width || (size+1)/2 > height {
		return nil, fmt.Errorf("the QR code needs %d columns and %d lines", size, (size+1)/2)
	}
	// Black on white whatever the terminal's colours are. Without colours the text is
	// taken for light: many readers take the opposite, too.
	style := t.Plain()
	if t.Coloured {
		style = style.Foreground(lipgloss.Color("15")).Background(lipgloss.Color("0"))
	}
	white := func(x, y int) bool {
		x, y = x-quiet, y-quiet
		return y < code.Size+quiet && !code.Black(x, y)
	}
	var out []string
	for y := 0; y < size; y += 2 {
		var line strings.Builder
		for x := range size {
			line.WriteString(half(white(x, y), white(x, y+1)))
		}
		out = append(out, style.Render(line.String()))
	}
	return out, nil
}

func half(above, below bool) string {
	switch {
	case above && below:
		return "█"
	case above:
		return "▀"
	case below:
		return "▄"
	}
	return " "
}
