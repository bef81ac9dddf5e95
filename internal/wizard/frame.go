package wizard

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/marketcalls/openalgo-install/internal/questions"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// step is where in the wizard the user is. How many steps there are is known only at
// the last one: each answer may lead to another page.
func (f frame) step() int {
	n := 1
	for _, s := range questions.Screens[:min(f.at, len(questions.Screens))] {
		if s.Shown(f.draft) {
			n++
		}
	}
	if f.at == last() {
		n++
	}
	return n
}

const (
	minWidth   = 20
	maxWidth   = 100 // longer lines are hard to read
	headHeight = 3   // title, rule, an empty line
)

func (m *model) View() string {
	return frame{m, min(max(m.width, minWidth), maxWidth)}.draw()
}

// frame is the model as it is drawn at a width.
type frame struct {
	*model
	width int
}

func (f frame) draw() string {
	// The page knows only with its height whether there is more to scroll to,
	// which its keys then say.
	f.page.body(f.width-2, max(f.height-headHeight-len(f.foot()), 1))
	foot := f.foot()
	height := max(f.height-headHeight-len(foot), 1)
	lines, from, to := f.page.body(f.width-2, height)
	out := append(f.header().Lines(f.look, f.width), "")
	for _, line := range window(lines, height, from, to) {
		out = append(out, f.cut(" "+line))
	}
	for len(out) < height+headHeight {
		out = append(out, "")
	}
	for _, line := range foot {
		out = append(out, f.cut(" "+line))
	}
	return strings.Join(out[:min(len(out), max(f.height, 1))], "\n")
}

// foot is what stands below the body: the note, and the keys.
func (f frame) foot() []string {
	out := []string{""}
	for _, line := range wrapped(f.note, f.width-2) {
		if f.note != "" {
			out = append(out, f.look.Warn.Render(line))
		}
	}
	return append(out, f.keyLines()...)
}

func (f frame) keyLines() []string {
	if f.leaving {
		question := "Quit? Nothing was changed.   y Yes   n No"
		if f.busy != nil {
			question = "Quit and stop the current work?   y Yes   n No"
		}
		var out []string
		for _, line := range wrapped(question, f.width-2) {
			out = append(out, f.look.Warn.Render(line))
		}
		return out
	}
	return f.look.Footer(theme.ParseKeys(f.page.keys()), f.width-2)
}

func (f frame) header() theme.Header {
	h := theme.Header{Title: f.page.title()}
	if form, ok := f.page.(*formPage); ok && form.draft != f.draft {
		return h // it is no step of the questions
	}
	switch f.page.(type) {
	case *machinePage, *formPage, *reviewPage:
		h.Step = f.step()
		h.Right = f.host.Dir
	}
	return h
}

func (f frame) cut(line string) string { return ansi.Truncate(line, f.width, f.look.More) }

// window is the part of lines that fits into height and shows those from
// from to to.
func window(lines []string, height, from, to int) []string {
	if len(lines) <= height {
		return lines
	}
	start := 0
	if to > height {
		start = to - height
	}
	start = min(start, from)
	start = max(min(start, len(lines)-height), 0)
	return lines[start : start+height]
}
