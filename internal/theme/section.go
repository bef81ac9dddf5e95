package theme

// A page has room for boxes from this size on.
const boxedFromWidth, boxedFromHeight = 60, 30

func isBoxed(width, height int) bool { return width >= boxedFromWidth && height >= boxedFromHeight }

// Inner is the width of the lines of a Section.
func Inner(width, height int) int {
	if isBoxed(width, height) {
		return width - 4
	}
	return width - 2
}

// Section is lines below their title; in a box where the page has room for boxes.
func Section(t *Theme, title string, lines []string, width, height int) []string {
	if isBoxed(width, height) {
		return t.Box(title, lines, width)
	}
	if title == "" {
		return lines
	}
	out := []string{t.Title.Render(title)}
	for _, line := range lines {
		out = append(out, "  "+line)
	}
	return out
}
