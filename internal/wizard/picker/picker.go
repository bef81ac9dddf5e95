// Package picker is a list on a screen: one of its items is chosen, after a
// search where the list is long. Nothing is chosen until the user does, so that
// Enter alone never takes the first item.
package picker

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// Item is one entry of a list.
type Item struct {
	Value, Label string
	// Other marks an entry that only what was typed has made: it is never chosen
	// without the arrow keys.
	Other bool
}

// List is a list of items and what the user has done with it.
type List struct {
	items      []Item
	searchable bool
	search     string
	other      func(search string) (Item, bool) // what else may be meant where no item matches; nil: nothing
	answer     string                           // what was chosen before
	at         string                           // the value of the item that is chosen
	chosen     bool
	top, rows  int
}

// New returns a list on which the item with this value is chosen, or none.
func New(items []Item, value string, searchable bool) *List {
	l := &List{items: items, searchable: searchable, rows: 1, answer: value}
	l.choose(value)
	return l
}

// Otherwise offers an item that is not on the list where none on it matches.
func (l *List) Otherwise(other func(search string) (Item, bool)) { l.other = other }

func (l *List) choose(value string) {
	if slices.ContainsFunc(l.shown(), func(i Item) bool { return i.Value == value }) {
		l.at, l.chosen = value, true
	}
}

// Value returns the item that is chosen; false: none is.
func (l *List) Value() (string, bool) {
	if l.position() < 0 {
		return "", false
	}
	return l.at, true
}

// Search returns what was typed to search.
func (l *List) Search() string { return l.search }

// SetSearch searches for text, as if it were typed.
func (l *List) SetSearch(text string) {
	if !l.searchable {
		return
	}
	l.search, l.top = text, 0
	shown := l.shown()
	switch matches := l.matching(); {
	case l.position() >= 0 || text == "":
	case len(matches) == 1:
		l.at, l.chosen = matches[0].Value, true
	default:
		l.chosen = false
		for _, item := range shown {
			if !item.Other && strings.EqualFold(item.Value, strings.TrimSpace(text)) {
				l.at, l.chosen = item.Value, true
			}
		}
	}
}

// Clear shows all items again and keeps the choice, or brings back the one before
// the search; false: there was nothing to clear.
func (l *List) Clear() bool {
	if l.search == "" {
		return false
	}
	l.search, l.top = "", 0
	if l.position() < 0 {
		l.choose(l.answer)
	}
	return true
}

// Matches returns how many items the search leaves.
func (l *List) Matches() int { return len(l.matching()) }

// matching are the items that the search leaves.
func (l *List) matching() []Item {
	text := strings.ToLower(strings.TrimSpace(l.search))
	if text == "" {
		return l.items
	}
	var out []Item
	for _, item := range l.items {
		if strings.Contains(strings.ToLower(item.Label), text) {
			out = append(out, item)
		}
	}
	return out
}

// shown are the items that can be chosen now.
func (l *List) shown() []Item {
	out := l.matching()
	if len(out) == 0 && l.other != nil {
		if item, ok := l.other(strings.TrimSpace(l.search)); ok {
			item.Other = true
			return []Item{item}
		}
	}
	return out
}

// position is where the chosen item stands among the shown ones; -1: none is.
func (l *List) position() int {
	if !l.chosen {
		return -1
	}
	return slices.IndexFunc(l.shown(), func(i Item) bool { return i.Value == l.at })
}

// Key gives a key to the list.
func (l *List) Key(msg tea.KeyMsg) {
	switch key := msg.String(); {
	case key == "up":
		l.move(-1)
	case key == "down":
		l.move(1)
	case key == "pgup":
		l.move(-l.rows)
	case key == "pgdown":
		l.move(l.rows)
	case key == "home":
		l.move(-len(l.items))
	case key == "end":
		l.move(1) // from nothing it is the first
		l.move(len(l.items))
	case !l.searchable && key == "k":
		l.move(-1)
	case !l.searchable && key == "j":
		l.move(1)
	case key == "backspace" && l.search != "":
		letters := []rune(l.search)
		l.SetSearch(string(letters[:len(letters)-1]))
	case key == "ctrl+u":
		l.Clear()
	case msg.Type == tea.KeyRunes && !msg.Alt, msg.Type == tea.KeySpace:
		l.SetSearch(l.search + string(msg.Runes))
	}
}

// move goes some items on; from none it goes to the first or the last.
func (l *List) move(by int) {
	shown := l.shown()
	if len(shown) == 0 {
		return
	}
	at := l.position()
	switch {
	case at < 0 && by < 0:
		at = len(shown) - 1
	case at < 0:
		at = 0
	default:
		at = min(max(at+by, 0), len(shown)-1)
	}
	l.at, l.chosen = shown[at].Value, true
}

// View is what is to be seen of a list: the items, which of them is chosen (-1:
// none), and which part of all they are, from 1.
type View struct {
	Items    []Item
	Chosen   int
	From, To int
	Of       int
}

// View returns as many items as there are rows for, the chosen one among them.
func (l *List) View(rows int) View {
	l.rows = max(rows, 1)
	shown, at := l.shown(), l.position()
	if at >= 0 {
		l.top = min(l.top, at)
		l.top = max(l.top, at-l.rows+1)
	}
	l.top = max(min(l.top, len(shown)-l.rows), 0)
	end := min(l.top+l.rows, len(shown))
	v := View{Items: shown[l.top:end], Chosen: -1, From: l.top + 1, To: end, Of: len(shown)}
	if at >= 0 {
		v.Chosen = at - l.top
	}
	return v
}
