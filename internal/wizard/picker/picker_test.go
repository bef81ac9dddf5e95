package picker_test

import (
	"fmt"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/wizard/picker"
)

var brokers = []picker.Item{
	{Value: "aliceblue", Label: "Alice Blue (aliceblue)"}, {Value: "dhan", Label: "Dhan (dhan)"}, {Value: "dhan_sandbox", Label: "Dhan (Sandbox) (dhan_sandbox)"},
	{Value: "zebu", Label: "Zebu (zebu)"}, {Value: "zerodha", Label: "Zerodha (zerodha)"},
}

func press(l *picker.List, keys ...string) {
	named := map[string]tea.KeyType{"<up>": tea.KeyUp, "<down>": tea.KeyDown, "<backspace>": tea.KeyBackspace, "<ctrl+u>": tea.KeyCtrlU, "<end>": tea.KeyEnd, "<pgdown>": tea.KeyPgDown}
	for _, key := range keys {
		if kind, ok := named[key]; ok {
			l.Key(tea.KeyMsg{Type: kind})
		} else {
			l.Key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(key)})
		}
	}
}

func TestWhatIsChosen(t *testing.T) {
	for name, c := range map[string]struct {
		before string
		keys   []string
		want   string // "": none
	}{
		"nothing at first":                   {"", nil, ""},
		"what was answered":                  {"zebu", nil, "zebu"},
		"an answer that is not on it":        {"gone", nil, ""},
		"down from nothing":                  {"", []string{"<down>"}, "aliceblue"},
		"up from nothing":                    {"", []string{"<up>"}, "zerodha"},
		"the only match":                     {"", []string{"zero"}, "zerodha"},
		"several matches":                    {"", []string{"ze"}, ""},
		"an id among several matches":        {"", []string{"dhan"}, "dhan"},
		"no match":                           {"", []string{"robinhood"}, ""},
		"no match, then cleared":             {"", []string{"robinhood", "<ctrl+u>"}, ""},
		"the answer comes back when cleared": {"zebu", []string{"robinhood", "<ctrl+u>"}, "zebu"},
		"a match stays when letters go":      {"", []string{"zero", "<backspace>", "<backspace>"}, "zerodha"},
		"the end":                            {"", []string{"<down>", "<end>"}, "zerodha"},
		"not beyond the end":                 {"zerodha", []string{"<down>", "<down>"}, "zerodha"},
	} {
		l := picker.New(brokers, c.before, true)
		press(l, c.keys...)
		if got, _ := l.Value(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// What no item matches may still be meant, and is never chosen by itself.
func TestOtherwise(t *testing.T) {
	l := picker.New(brokers, "", true)
	l.Otherwise(func(s string) (picker.Item, bool) { return picker.Item{Value: s, Label: "use " + s}, s == "rupeezy" })
	press(l, "rupee")
	if v := l.View(5); v.Of != 0 {
		t.Errorf("%+v", v)
	}
	press(l, "zy")
	if _, ok := l.Value(); ok || l.Matches() != 0 || l.View(5).Of != 1 {
		t.Errorf("chosen by itself: %+v", l.View(5))
	}
	press(l, "<down>")
	if got, ok := l.Value(); !ok || got != "rupeezy" {
		t.Errorf("%q", got)
	}
}

func TestView(t *testing.T) {
	l := picker.New(brokers, "", true)
	show := func(rows int) string {
		v := l.View(rows)
		return fmt.Sprintf("%d-%d of %d, chosen %d, %d items", v.From, v.To, v.Of, v.Chosen, len(v.Items))
	}
	if got := show(2); got != "1-2 of 5, chosen -1, 2 items" {
		t.Error(got)
	}
	press(l, "<end>")
	if got := show(2); got != "4-5 of 5, chosen 1, 2 items" {
		t.Error(got)
	}
	press(l, "<up>", "<up>", "<up>")
	if got := show(2); got != "2-3 of 5, chosen 0, 2 items" {
		t.Error(got)
	}
	if got := show(9); got != "1-5 of 5, chosen 1, 5 items" {
		t.Error(got)
	}
	press(l, "dhan")
	if got := show(9); got != "1-2 of 2, chosen 0, 2 items" {
		t.Error(got)
	}
	if !l.Clear() || l.Clear() {
		t.Error("Clear does not say whether there was something to clear")
	}
}
