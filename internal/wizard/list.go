package wizard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/questions"
	"github.com/marketcalls/openalgo-install/internal/theme"
	"github.com/marketcalls/openalgo-install/internal/wizard/picker"
)

// longList is the number of items from which a list can be searched.
const longList = 14

// leastRows is how many items a list shows on the smallest terminal.
const leastRows = 3

func newList(q questions.Question, value string) *picker.List {
	choices := q.Choices()
	items := make([]picker.Item, len(choices))
	for i, c := range choices {
		items[i] = picker.Item{Value: c.Value, Label: c.Label}
	}
	if !slices.ContainsFunc(choices, func(c questions.Choice) bool { return c.Value == value }) && q.Other != nil && value != "" {
		items = append(items, picker.Item{Value: value, Label: value}) // it was chosen before
	}
	list := picker.New(items, value, len(items) > longList)
	if q.Other != nil {
		list.Otherwise(func(typed string) (picker.Item, bool) {
			c, ok := q.Other(typed)
			return picker.Item{Value: c.Value, Label: c.Label}, ok
		})
	}
	return list
}

// listLines draws the list, with as many items as there is height for.
func (f *field) listLines(width, height int, l *theme.Theme) []string {
	var head []string
	if title := f.title(l); title != "" {
		head = append(head, title)
	}
	search := f.list.Search()
	if f.searches() {
		cursor := ""
		if f.focused {
			cursor = l.Selected.Render(" ")
		}
		head = append(head, l.Accent.Render("Search: ")+search+cursor)
	}
	if f.help != "" {
		head = append(head, wrapped(f.help, width-2)...)
	}
	tail := 0
	if f.searches() {
		tail = 2 // a space, and how many there are
	}
	v := f.list.View(max(height-len(head)-tail, leastRows))
	out := head
	if search != "" && f.list.Matches() == 0 {
		out = append(out, wrapped(fmt.Sprintf("No %s matches %q. Press Esc to clear.", strings.ToLower(f.label), search), width-2)...)
	}
	for i, item := range v.Items {
		mark, label := "  ", item.Label
		if i == v.Chosen {
			mark, label = l.Accent.Render("> "), l.Title.Render(label)
			if !f.focused {
				mark, label = "> ", item.Label
			}
		}
		out = append(out, mark+label)
	}
	if count := f.count(v, l); count != "" {
		out = append(out, "", count)
	}
	return out
}

// searches reports whether the list is long enough to be searched.
func (f *field) searches() bool { return len(f.q.Choices()) > longList }

// count says which of how many items are seen.
func (f *field) count(v picker.View, l *theme.Theme) string {
	of := len(f.q.Choices())
	matches := f.list.Matches()
	switch {
	case f.list.Search() != "" && matches == 0:
		return ""
	case matches == 1:
		return fmt.Sprintf("1 of %d matches", of)
	case f.list.Search() != "" && v.Of == len(v.Items):
		return fmt.Sprintf("%d of %d match", matches, of)
	case f.list.Search() != "":
		return fmt.Sprintf("%d%s%d of %d matches, %d in total", v.From, l.To, v.To, matches, of)
	case v.Of > len(v.Items) || f.searches():
		return fmt.Sprintf("%d%s%d of %d", v.From, l.To, v.To, of)
	}
	return ""
}

// unchosen says what to do where nothing on the list is chosen.
func (f *field) unchosen() string {
	noun := strings.ToLower(f.label)
	switch matches := f.list.Matches(); {
	case f.list.Search() == "":
		return fmt.Sprintf("choose a %s with the arrow keys, or type a part of its name", noun)
	case matches == 0 && len(f.list.View(1).Items) == 0:
		return "" // the list says it
	case matches == 0:
		return fmt.Sprintf("no %s matches; press Down and Enter to use this name", noun)
	default:
		return fmt.Sprintf("%d match; choose one with the arrow keys, or type more of its name", matches)
	}
}
