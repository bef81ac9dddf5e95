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
		Base:             plain.PaddingLeft(1).BorderStyle(left).BorderLeft(true).BorderForeground(t.Accent.GetForeground()),
		Title:            t.Title,
		Description:      plain,
		ErrorIndicator:   plain,
		ErrorMessage:     t.Bad,
		SelectSelector:   t.Accent.SetString("> "),
		Option:           plain,
		SelectedOption:   t.Title,
		UnselectedOption: plain,
		TextInput:        huh.TextInputStyles{Cursor: plain, CursorText: plain, Placeholder: t.Dim, Prompt: t.Accent, Text: plain},
	}
	theme.Focused = styles
	theme.Blurred = styles
	theme.Blurred.Base = plain.PaddingLeft(2)
	theme.Blurred.Title = plain
	theme.Blurred.SelectSelector = plain.SetString("> ")
	return theme
}
