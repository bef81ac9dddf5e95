package theme

import (
	"github.com/charmbracelet/huh"
	"github.com/charmbracelet/lipgloss"
)

// Fields is the theme as the fields of huh draw with it.
func (t *Theme) Fields() *huh.Theme {
	theme, plain := huh.ThemeBase(), t.draw.NewStyle()
	left := lipgloss.Border{Left: t.border.Left}
	styles := huh.FieldStyles{
		Base:           plain.PaddingLeft(1).BorderStyle(left).BorderLeft(true).BorderForeground(t.Accent.GetForeground()),
		Title:          t.Title,
		Description:    plain,
		ErrorIndicator: plain,
		ErrorMessage:   t.Bad,
		TextInput:      huh.TextInputStyles{Cursor: plain, CursorText: plain, Placeholder: t.Dim, Prompt: t.Accent, Text: plain},
	}
	theme.Focused = styles
	theme.Blurred = styles
	theme.Blurred.Base = plain.PaddingLeft(2)
	theme.Blurred.Title = plain
	return theme
}

// Side is what stands left of each line of a field: focused is the one that has the
// keys.
func (t *Theme) Side(focused bool) string {
	if focused {
		return t.Accent.Render(t.border.Left) + " "
	}
	return "  "
}
