package dashboard

import (
	"cmp"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// The least that something can be seen on.
const (
	minWidth  = 36
	minHeight = 12
)

// isWide reports whether there is room for boxes.
func isWide(m *model) bool { return m.width >= 100 && m.height >= 32 }

func (m *model) View() string { return frame{m}.screen() }

// frame is the model as it is drawn.
type frame struct{ *model }

func (m frame) screen() string {
	if m.width < minWidth || m.height < minHeight {
		return m.Theme.TooSmall(m.width, m.height, minWidth, minHeight)
	}
	foot := m.foot()
	head := m.header().Lines(m.Theme, m.width)
	room := m.height - len(head) - len(foot)
	body := m.body(m.width-2, room)
	for n := range body {
		body[n] = m.Theme.Cut(" "+body[n], m.width)
	}
	return theme.Screen(head, body, foot, m.height)
}

func (m frame) header() theme.Header {
	h := theme.Header{Title: "Instances", Right: m.now().In(market.IST).Format("Mon 2 Jan, 15:04 MST")}
	if i := m.current(); i != nil && m.page != listPage {
		h.Title = i.Name
		switch m.page {
		case logPage:
			h.Title += ": log"
		case menuPage:
			h.Title += ": actions"
		case sharePage:
			h.Title += ": " + m.picker.Title()
		case listPage, detailPage, panelPage:
		}
	}
	if m.page == panelPage {
		h.Title = cmp.Or(m.panel.Title, m.panel.about)
	}
	return h
}

func (m frame) body(width, height int) []string {
	switch m.page {
	case menuPage:
		return m.menuLines(width, height)
	case logPage:
		lines := m.log.view.Draw(m.Theme, width, height-1)
		for len(lines) < height-1 {
			lines = append(lines, "")
		}
		return append(lines, m.log.view.Note(m.Theme))
	case sharePage:
		return m.picker.Lines(m.Theme, width, height)
	case panelPage:
		return m.panelLines(width, height)
	case detailPage:
		if i := m.current(); i != nil {
			return sheet(m).detail(*i, width, height)
		}
	case listPage:
	}
	return m.list(width, height)
}

// foot is what stands below the body: a question or a note, and the keys.
func (m frame) foot() []string {
	var out []string
	width := m.width - 2
	add := func(lines ...string) {
		for _, line := range lines {
			out = append(out, " "+line)
		}
	}
	switch {
	case m.input != nil:
		out = append(out, m.Theme.Across(m.width))
		add(theme.Wrap(m.input.help, width)...)
		add(m.Theme.Cut(m.Theme.Accent.Render(m.input.text+": ")+m.input.typed+m.Theme.Selected.Render(" "), width))
		if m.input.fault != "" {
			add(m.Theme.Message(theme.Problem, m.input.fault, width)...)
		}
	case m.note != "":
		add(m.Theme.Message(theme.Caution, m.note, width)...)
	case m.snap.Broken != "":
		add(m.Theme.Message(theme.Problem, "Internal error: "+m.snap.Broken+". Parts of this page may be missing. Press q, then start openalgo-install again.", width)...)
	case m.snap.Trouble != "":
		for _, line := range m.Theme.Message(theme.Problem, m.silence(), width) {
			add(line)
		}
	}
	out = append(out, m.Theme.Across(m.width))
	add(m.Theme.Footer(m.keys(), width)...)
	return out
}

// silence says since when Docker does not answer.
func (m frame) silence() string {
	return fmt.Sprintf("Docker has not answered for %s. This page shows the state before that.", lasted(m.now().Sub(m.snap.Silent).Truncate(time.Second)))
}

func (m frame) menuLines(width, height int) []string {
	var out []string
	for n, a := range m.possible() {
		mark := "  "
		if n == m.menuAt {
			mark = m.Theme.Accent.Render("> ")
		}
		out = append(out, m.Theme.Cut(mark+m.Theme.Accent.Bold(true).Render(a.key)+"  "+a.label, width))
	}
	from := min(max(m.menuAt-height+1, 0), max(len(out)-height, 0))
	return out[from:]
}

func (m frame) keys() []theme.Key {
	switch {
	case m.input != nil:
		return theme.Keys("Enter", "Next", "Esc", "Back")
	case m.page == logPage:
		if m.log.view.Typing() {
			return m.log.view.Keys()
		}
		return append(m.log.view.Keys(), theme.Keys("Esc", "Back", "q", "Quit")...)
	case m.page == sharePage:
		return m.picker.Keys()
	case m.page == menuPage || m.page == panelPage:
		return theme.Keys("Up/Down", "Choose", "Enter", "Next", "Esc", "Back", "q", "Quit")
	case m.page == listPage && len(m.snap.Instances) > 0:
		return append(theme.Keys("Enter", "Open"), m.actionKeys()...)
	case len(m.snap.Instances) > 1:
		return append(m.actionKeys(), theme.Keys("Esc", "Back")...)
	}
	return m.actionKeys()
}

// worth are the keys that a footer has room for.
var worth = []string{"l", "b", "u", "r", "s", "d"}

func (m frame) actionKeys() (out []theme.Key) {
	for _, key := range worth {
		if a := m.actionOf(key); a != nil {
			out = append(out, theme.Key{Name: a.key, Does: a.word})
		}
	}
	return append(out, theme.Keys("a", "More", "q", "Quit")...)
}
