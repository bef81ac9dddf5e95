package wizard

import (
	"os"
	"strings"

	"github.com/charmbracelet/huh"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// look is how things are drawn. Colours are the terminal's own sixteen, which
// its user has made readable on a light or a dark ground; nothing is said by
// colour alone.
type look struct {
	rule                               string // one cell of a line across
	more                               string // a line that is cut
	title, accent, good, warn, bad, on lipgloss.Style
	fields                             *huh.Theme
}

func newLook(color, unicode bool) look {
	lipgloss.SetColorProfile(termenv.ANSI)
	lipgloss.SetHasDarkBackground(true) // not to be asked of the terminal; nothing depends on it
	plain := lipgloss.NewStyle()
	l := look{rule: "-", more: ">", title: plain.Bold(true), accent: plain.Bold(true), good: plain, warn: plain.Bold(true), bad: plain.Bold(true), on: plain.Reverse(true)}
	border := lipgloss.Border{Left: "|"}
	if unicode {
		l.rule, l.more = "─", "…"
		border = lipgloss.Border{Left: "│"}
	}
	if color {
		l.accent = plain.Foreground(lipgloss.Color("6"))
		l.good = plain.Foreground(lipgloss.Color("2"))
		l.warn = plain.Foreground(lipgloss.Color("3")).Bold(true)
		l.bad = plain.Foreground(lipgloss.Color("1")).Bold(true)
	}
	l.fields = fieldTheme(l, border)
	return l
}

func fieldTheme(l look, border lipgloss.Border) *huh.Theme {
	t := huh.ThemeBase()
	plain := lipgloss.NewStyle()
	styles := huh.FieldStyles{
		Base:             plain.PaddingLeft(1).BorderStyle(border).BorderLeft(true).BorderForeground(l.accent.GetForeground()),
		Title:            l.title,
		Description:      plain,
		ErrorIndicator:   plain,
		ErrorMessage:     l.bad,
		SelectSelector:   l.accent.SetString("> "),
		Option:           plain,
		SelectedOption:   l.title,
		UnselectedOption: plain,
		TextInput:        huh.TextInputStyles{Cursor: plain, CursorText: plain, Placeholder: plain, Prompt: l.accent, Text: plain},
	}
	t.Focused = styles
	t.Blurred = styles
	t.Blurred.Base = plain.PaddingLeft(2)
	t.Blurred.Title = plain
	t.Blurred.SelectSelector = plain.SetString("> ")
	return t
}

// hasUnicode reports whether the locale says that UTF-8 is understood.
func hasUnicode() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := os.Getenv(name); value != "" {
			value = strings.ToLower(value)
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}
