package theme

import "github.com/charmbracelet/lipgloss"

// FieldStyle is how a field of text is drawn.
type FieldStyle struct {
	Base, Title, Text, Prompt, Placeholder lipgloss.Style
}

// Field is how a field of text is drawn: focused is the one that has the keys.
func (t *Theme) Field(focused bool) FieldStyle {
	plain := t.draw.NewStyle()
	style := FieldStyle{Base: plain.PaddingLeft(2), Title: plain, Text: plain, Prompt: t.Accent, Placeholder: t.Dim}
	if focused {
		left := lipgloss.Border{Left: t.border.Left}
		style.Base = plain.PaddingLeft(1).BorderStyle(left).BorderLeft(true).BorderForeground(t.Accent.GetForeground())
		style.Title = t.Title
	}
	return style
}

// Side is what stands left of each line of a field: focused is the one that has the
// keys.
func (t *Theme) Side(focused bool) string {
	if focused {
		return t.Accent.Render(t.border.Left) + " "
	}
	return "  "
}
