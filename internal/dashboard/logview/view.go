package logview

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// line is one line, and its number in the log.
type line struct {
	n     int
	text  string
	level Level
}

// View is what is shown of a log.
type View struct {
	lines  []line // the newest Most
	next   int    // number of the next line
	level  Level  // of the last line that said its own: what follows belongs to it
	least  Level  // what is not as bad is not shown
	halted bool
	top    int // number of the first line that is shown, while halted
	left   int // cells that are beyond the left edge
	height int

	typing bool // the text to search for is being typed
	typed  string
	sought string
	found  int // number of the line that was found; -1: none
}

// New returns a View of nothing, which follows.
func New() *View { return &View{found: -1} }

// Add takes new lines.
func (v *View) Add(texts []string) {
	for _, text := range texts {
		level, known := levelOf(text)
		if known || !continues(text) {
			v.level = level
		}
		v.lines = append(v.lines, line{v.next, text, v.level})
		v.next++
	}
	if len(v.lines) > 2*Most {
		v.lines = append(v.lines[:0:0], v.lines[len(v.lines)-Most:]...)
	}
}

// continues reports whether a line belongs to the one before it, as those of a
// traceback do.
func continues(text string) bool {
	return strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\t")
}

// kept are the newest lines.
func (v *View) kept() []line { return v.lines[max(len(v.lines)-Most, 0):] }

// Len is how many lines are kept.
func (v *View) Len() int { return len(v.kept()) }

// shown are the lines that are bad enough.
func (v *View) shown() []line {
	if v.least == Plain {
		return v.kept()
	}
	var out []line
	for _, l := range v.kept() {
		if l.level >= v.least {
			out = append(out, l)
		}
	}
	return out
}

// start is the index of the first line to be seen.
func (v *View) start(shown []line, height int) int {
	last := max(len(shown)-height, 0)
	if !v.halted {
		return last
	}
	for i, l := range shown {
		if l.n >= v.top {
			return min(i, last)
		}
	}
	return last
}

// Typing reports whether keys are text.
func (v *View) Typing() bool { return v.typing }

// Key takes a key; false is one that it does not know.
func (v *View) Key(msg tea.KeyMsg) bool {
	if v.typing {
		v.typeKey(msg)
		return true
	}
	page := max(v.height-1, 1)
	switch msg.String() {
	case " ":
		if v.halted {
			v.halted = false
		} else {
			v.move(0)
		}
	case "up", "k":
		v.move(-1)
	case "down", "j":
		v.move(1)
	case "pgup":
		v.move(-page)
	case "pgdown":
		v.move(page)
	case "home", "g":
		v.halted, v.top = true, 0
	case "end", "G":
		v.halted = false
	case "left":
		v.left = max(v.left-20, 0)
	case "right":
		v.left = min(v.left+20, mostBytes)
	case "/":
		v.typing, v.typed = true, ""
	case "n":
		v.seek(-1)
	case "N":
		v.seek(1)
	case "w":
		v.least = (v.least + 1) % (Error + 1)
	default:
		return false
	}
	return true
}

// move halts, some lines from here.
func (v *View) move(by int) {
	shown := v.shown()
	at := v.start(shown, v.height) + by
	if by > 0 && at >= len(shown)-v.height {
		v.halted = false // the end
		return
	}
	v.halted, v.top = true, 0
	if at = max(at, 0); at < len(shown) {
		v.top = shown[at].n
	}
}

func (v *View) typeKey(msg tea.KeyMsg) {
	switch msg.Type {
	case tea.KeyEnter:
		v.typing, v.sought, v.found = false, v.typed, -1
		v.seek(-1)
	case tea.KeyEsc, tea.KeyCtrlC:
		v.typing = false
	case tea.KeyBackspace:
		if r := []rune(v.typed); len(r) > 0 {
			v.typed = string(r[:len(r)-1])
		}
	case tea.KeyCtrlU:
		v.typed = ""
	case tea.KeySpace, tea.KeyRunes:
		if len(v.typed) < 200 {
			v.typed += printable.Line(string(msg.Runes))
		}
	default:
	}
}

// seek goes to the next line with the text, towards older lines or newer ones, and
// from one end on to the other.
func (v *View) seek(step int) {
	shown := v.shown()
	if v.sought == "" || len(shown) == 0 {
		return
	}
	at := len(shown) // the newest is found first
	if step > 0 {
		at = -1
	}
	for i, l := range shown {
		if l.n == v.found {
			at = i
		}
	}
	for range shown {
		at = (at + step + len(shown)) % len(shown)
		if indexFold(shown[at].text, v.sought) >= 0 {
			v.found = shown[at].n
			v.halted, v.top = true, shown[max(at-v.height/2, 0)].n
			return
		}
	}
	v.found = -1
}

func indexFold(text, sought string) int {
	return strings.Index(strings.ToLower(text), strings.ToLower(sought))
}

// Lines draws the newest lines, without keys to move them.
func (v *View) Lines(t *theme.Theme, width, height int) []string {
	shown := v.shown()
	var out []string
	for _, l := range shown[max(len(shown)-height, 0):] {
		out = append(out, draw(v, t, l, width))
	}
	return out
}

// Draw draws the log where it is.
func (v *View) Draw(t *theme.Theme, width, height int) []string {
	v.height = height
	shown := v.shown()
	if len(shown) == 0 {
		return []string{t.Dim.Render(nothing(v))}
	}
	start := v.start(shown, height)
	var out []string
	for _, l := range shown[start:min(start+height, len(shown))] {
		out = append(out, draw(v, t, l, width))
	}
	return out
}

func nothing(v *View) string {
	switch {
	case len(v.lines) == 0:
		return "The log is empty so far."
	case v.least == Error:
		return "No errors in these lines. Press w to see other lines."
	}
	return "No warnings or errors in these lines. Press w to see other lines."
}

func draw(v *View, t *theme.Theme, l line, width int) string {
	text := l.text
	if v.left > 0 {
		text = ansi.Cut(text, v.left, v.left+width+1)
	}
	text = t.Cut(text, width)
	style := t.Plain()
	switch l.level {
	case Error:
		style = t.Bad
	case Warning:
		style = t.Warn
	case Plain:
	}
	at := -1
	if v.sought != "" {
		at = indexFold(text, v.sought)
	}
	if end := at + len(v.sought); at >= 0 && end <= len(text) {
		return style.Render(text[:at]) + t.Selected.Render(text[at:end]) + style.Render(text[end:])
	}
	return style.Render(text)
}

// Note says in one line what is shown.
func (v *View) Note(t *theme.Theme) string {
	if v.typing {
		return t.Accent.Render("Search: ") + v.typed + t.Selected.Render(" ")
	}
	parts := []string{"Following"}
	if v.halted {
		parts[0] = t.Warn.Render("Halted")
	}
	parts = append(parts, printable.Count(len(v.shown()), "line"))
	switch v.least {
	case Warning:
		parts = append(parts, "warnings and errors only")
	case Error:
		parts = append(parts, "errors only")
	case Plain:
	}
	if v.sought != "" {
		found := "found"
		if v.found < 0 {
			found = "not found"
		}
		parts = append(parts, fmt.Sprintf("%q %s", v.sought, found))
	}
	return strings.Join(parts, ", ")
}

// Keys are those of the view.
func (v *View) Keys() []theme.Key {
	if v.typing {
		return theme.Keys("Enter", "Search", "Esc", "Back")
	}
	halt := "Halt"
	if v.halted {
		halt = "Follow"
	}
	keys := theme.Keys("Space", halt, "/", "Search")
	if v.sought != "" {
		keys = append(keys, theme.Keys("n", "Older", "N", "Newer")...)
	}
	return append(keys, theme.Keys("w", "Level", "Up/Down", "Scroll")...)
}
