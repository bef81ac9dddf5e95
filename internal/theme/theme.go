// Package theme is how every full screen looks: its colours, header, footer,
// boxes and signs. Nothing is said by colour alone: a state is a sign and a word,
// a key is a name in front of what it does. Nothing blinks or moves by itself.
package theme

import (
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// Colours is how many colours are drawn with.
type Colours int

// The colours of terminals.
const (
	NoColours Colours = iota // bold and reverse alone
	Sixteen                  // the terminal's own
	Many                     // the palette of 256
)

// Ground is what is known of the terminal's background.
type Ground int

// The backgrounds. A terminal is not asked for its own: the answer may come late
// or never, and take what was typed with it.
const (
	Unknown Ground = iota
	Dark
	Light
)

// Options say what a terminal can show.
type Options struct {
	Colours Colours
	Ground  Ground
	Unicode bool // else only ASCII is drawn
}

// Theme draws. Its styles may be used on any part of a line.
type Theme struct {
	Title    lipgloss.Style // of a page or a section
	Accent   lipgloss.Style // the one colour of this program
	Dim      lipgloss.Style // what matters less
	Good     lipgloss.Style
	Warn     lipgloss.Style
	Bad      lipgloss.Style
	Selected lipgloss.Style // where the cursor is

	Coloured bool   // else bold and reverse are all there is
	Unicode  bool   // else only ASCII can be shown
	Rule     string // one cell of a line across
	More     string // ends a line that is cut
	To       string // between the ends of a range: "1-8"

	draw   *lipgloss.Renderer
	border lipgloss.Border
	signs  map[State]string
}

// New returns the theme for a terminal.
func New(o Options) *Theme {
	// huh draws with the renderer that all share. It is told, so that it does not
	// ask the terminal.
	lipgloss.SetColorProfile(termenv.ANSI)
	lipgloss.SetHasDarkBackground(true)

	draw := lipgloss.NewRenderer(io.Discard)
	draw.SetColorProfile(termenv.ANSI) // bold and reverse are drawn without colours, too
	if o.Colours == Many {
		draw.SetColorProfile(termenv.ANSI256)
	}
	draw.SetHasDarkBackground(o.Ground != Light)
	t := &Theme{draw: draw, Coloured: o.Colours != NoColours, Unicode: o.Unicode, Rule: "-", More: ">", To: "-", border: asciiBorder, signs: asciiSigns}
	if o.Unicode {
		t.Rule, t.More, t.To, t.border, t.signs = "─", "…", "–", lipgloss.RoundedBorder(), unicodeSigns
	}
	p := paletteOf(o)
	plain := draw.NewStyle()
	t.Title = plain.Bold(true)
	t.Accent = coloured(plain, p.accent).Bold(p.accent == "")
	t.Dim = coloured(plain, p.dim)
	t.Good = coloured(plain, p.good).Bold(p.good == "")
	t.Warn = coloured(plain, p.warn).Bold(true)
	t.Bad = coloured(plain, p.bad).Bold(true)
	t.Selected = plain.Reverse(true)
	return t
}

// Plain is the style of text.
func (t *Theme) Plain() lipgloss.Style { return t.draw.NewStyle() }

func coloured(s lipgloss.Style, colour string) lipgloss.Style {
	if colour == "" {
		return s
	}
	return s.Foreground(lipgloss.Color(colour))
}

// Detect reads from the environment what the terminal can show. colour is false
// where the user wants none.
func Detect(colour bool) Options {
	o := Options{Unicode: hasUnicode(), Ground: groundOf(os.Getenv("COLORFGBG"))}
	term := os.Getenv("TERM")
	switch {
	case !colour || term == "dumb":
	case os.Getenv("COLORTERM") != "", strings.Contains(term, "256color"), strings.Contains(term, "direct"):
		o.Colours = Many
	default:
		o.Colours = Sixteen
	}
	if term == "linux" { // the console
		o.Ground = Dark
	}
	return o
}

// groundOf reads COLORFGBG, which some terminals set: "15;0" is white on black.
func groundOf(text string) Ground {
	fields := strings.Split(text, ";")
	switch fields[len(fields)-1] {
	case "0", "1", "2", "3", "4", "5", "6", "8":
		return Dark
	case "7", "9", "10", "11", "12", "13", "14", "15":
		return Light
	}
	return Unknown
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
