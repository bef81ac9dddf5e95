package theme

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

// Program stands first in every header.
const Program = "openalgo-install"

var asciiBorder = lipgloss.Border{Top: "-", Bottom: "-", Left: "|", Right: "|", TopLeft: "+", TopRight: "+", BottomLeft: "+", BottomRight: "+"}

// Header is what stands above a page. Only Title must be there.
type Header struct {
	Title string
	Step  int    // 0: the page is no step
	Right string // what the page is about: a directory, the time
}

// Lines are the header's text and the line below it. Where there is little room, the
// right part goes first, then the program's name, then the step.
func (h Header) Lines(t *Theme, width int) []string {
	step := ""
	if h.Step > 0 {
		step = fmt.Sprintf("Step %d", h.Step)
	}
	left := []string{t.Accent.Render(Program) + "  " + t.Title.Render(h.Title), t.Title.Render(h.Title)}
	right := []string{joined(step, t.Dim.Render(h.Right), h.Right), step, ""}
	if h.Step == 0 {
		right = []string{h.Right, ""}
	}
	for _, r := range right {
		for _, l := range left {
			if line, ok := apart(" "+l, r+" ", width); ok {
				return []string{line, t.Across(width)}
			}
			if r == right[0] && len(right) > 1 && h.Right != "" && h.Step > 0 {
				break // the right part goes before the program's name
			}
		}
	}
	return []string{t.Cut(" "+left[1], width), t.Across(width)}
}

func joined(step, styled, right string) string {
	if right == "" {
		return step
	}
	return step + "   " + styled
}

// apart puts text at both ends of a line; false: there is no room for both.
func apart(left, right string, width int) (string, bool) {
	gap := width - ansi.StringWidth(left) - ansi.StringWidth(right)
	if strings.TrimSpace(right) == "" {
		return left, gap >= 0
	}
	return left + strings.Repeat(" ", max(gap, 0)) + strings.TrimRight(right, " "), gap >= 2
}

// Apart is a line with text at both ends. The left one is cut where there is no room
// for both.
func (t *Theme) Apart(left, right string, width int) string {
	if line, ok := apart(left, right, width); ok {
		return line
	}
	room := max(width-ansi.StringWidth(right)-2, 0)
	line, _ := apart(t.Fit(left, room)+"  ", right, width)
	return t.Cut(line, width)
}

// Across is a line across the screen.
func (t *Theme) Across(width int) string {
	return t.Dim.Render(strings.Repeat(t.Rule, max(width, 0)))
}

// Key is a key of the footer: its name as printed on the keyboard, and one word that
// says what it does.
type Key struct{ Name, Does string }

// Keys makes a footer of names and words in turn: Keys("Enter", "Next", "Esc", "Back").
func Keys(pairs ...string) []Key {
	var out []Key
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, Key{pairs[i], pairs[i+1]})
	}
	return out
}

// Text writes keys as ParseKeys reads them.
func Text(keys []Key) string {
	var parts []string
	for _, k := range keys {
		parts = append(parts, k.Name+" "+k.Does)
	}
	return strings.Join(parts, "   ")
}

// ParseKeys reads keys that are written as a footer shows them, with two or more
// spaces between them: "Enter Next   Esc Back".
func ParseKeys(text string) []Key {
	var out []Key
	for part := range strings.SplitSeq(text, "  ") {
		if name, does, _ := strings.Cut(strings.TrimSpace(part), " "); name != "" {
			out = append(out, Key{name, does})
		}
	}
	return out
}

// Footer is the keys in as many lines as they need: "Enter Next   Esc Back".
func (t *Theme) Footer(keys []Key, width int) []string {
	var out []string
	line := ""
	for _, k := range keys {
		text := t.keyName().Render(k.Name) + " " + k.Does
		switch {
		case line == "":
			line = text
		case ansi.StringWidth(line)+3+ansi.StringWidth(text) <= width:
			line += "   " + text
		default:
			out, line = append(out, t.Cut(line, width)), text
		}
	}
	if line != "" {
		out = append(out, t.Cut(line, width))
	}
	return out
}

func (t *Theme) keyName() lipgloss.Style { return t.Accent.Bold(true) }

// Box is lines in a box of a width, its title in the upper edge.
func (t *Theme) Box(title string, lines []string, width int) []string {
	b, inner := t.border, max(width-4, 1)
	edge := t.Dim.Render
	head := edge(b.TopLeft+b.Top) + " " + t.Title.Render(ansi.Truncate(title, max(inner-1, 0), t.More)) + " "
	if title == "" {
		head = edge(b.TopLeft + b.Top)
	}
	head += edge(strings.Repeat(b.Top, max(width-ansi.StringWidth(head)-1, 0)) + b.TopRight)
	out := []string{head}
	for _, line := range lines {
		out = append(out, edge(b.Left)+" "+t.Fit(line, inner)+" "+edge(b.Right))
	}
	return append(out, edge(b.BottomLeft+strings.Repeat(b.Bottom, max(width-2, 0))+b.BottomRight))
}

// Cut is a line of at most width cells.
func (t *Theme) Cut(line string, width int) string { return ansi.Truncate(line, max(width, 0), t.More) }

// Fit is a line of just width cells.
func (t *Theme) Fit(line string, width int) string {
	line = t.Cut(line, width)
	return line + strings.Repeat(" ", max(width-ansi.StringWidth(line), 0))
}

// Wrap is text as lines of at most width cells, broken at spaces where it can be. A hyphen
// is no such place: names of files, addresses and commands have them, and must stay whole.
func Wrap(text string, width int) []string {
	whole := ansi.Wrap(strings.ReplaceAll(text, "-", noBreak), max(width, 1), "")
	return strings.Split(strings.ReplaceAll(whole, noBreak, "-"), "\n")
}

const noBreak = "\u2011" // a hyphen at which no line is broken

// Screen puts a page together: what does not fit between head and foot is not shown,
// and the foot is at the bottom.
func Screen(head, body, foot []string, height int) string {
	room := max(height-len(head)-len(foot), 0)
	out := append(append([]string{}, head...), body[:min(len(body), room)]...)
	for len(out) < len(head)+room {
		out = append(out, "")
	}
	out = append(out, foot...)
	return strings.Join(out[:min(len(out), max(height, 1))], "\n")
}

// TooSmall is what is shown on a terminal without room for a page.
func (t *Theme) TooSmall(width, height, needWidth, needHeight int) string {
	text := fmt.Sprintf("This terminal has %d columns and %d lines. Make it at least %d by %d.", width, height, needWidth, needHeight)
	lines := Wrap(text, width)
	return strings.Join(lines[:min(len(lines), max(height, 1))], "\n")
}
