package wizard

import tea "github.com/charmbracelet/bubbletea"

// scroll is the place in a text that is longer than the screen.
type scroll struct{ top, height, lines int }

// key moves the text; false is a key that does not.
func (s *scroll) key(msg tea.KeyMsg) bool {
	page := max(s.height-1, 1)
	switch msg.String() {
	case "up", "k":
		s.top--
	case "down", "j":
		s.top++
	case "pgup":
		s.top -= page
	case "pgdown", " ":
		s.top += page
	case "home":
		s.top = 0
	case "end":
		s.top = s.lines
	default:
		return false
	}
	s.clamp()
	return true
}

func (s *scroll) clamp() { s.top = max(min(s.top, s.lines-s.height), 0) }

// view is what is to be seen of lines.
func (s *scroll) view(lines []string, height int) ([]string, int, int) {
	s.height, s.lines = height, len(lines)
	s.clamp()
	return lines, s.top, min(s.top+height, len(lines))
}

// hint names the keys, where there is something to move.
func (s *scroll) hint() string {
	if s.lines > s.height {
		return "   Up/Down Scroll"
	}
	return ""
}
