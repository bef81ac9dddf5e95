package logview

import (
	"fmt"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/marketcalls/openalgo-install/internal/theme"
)

func press(v *View, keys ...string) {
	for _, k := range keys {
		switch k {
		case "enter":
			v.Key(tea.KeyMsg{Type: tea.KeyEnter})
		case "esc":
			v.Key(tea.KeyMsg{Type: tea.KeyEsc})
		case "up":
			v.Key(tea.KeyMsg{Type: tea.KeyUp})
		case "pgdown":
			v.Key(tea.KeyMsg{Type: tea.KeyPgDown})
		default:
			v.Key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)})
		}
	}
}

func seen(v *View) string {
	return ansi.Strip(strings.Join(v.Draw(theme.New(theme.Options{}), 40, 3), "\n"))
}

func numbered(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("[t] INFO in main: line %d", i))
	}
	return out
}

func TestFollowAndHalt(t *testing.T) {
	v := New()
	v.Add(numbered(10))
	if got := seen(v); !strings.HasSuffix(got, "line 9") {
		t.Error(got)
	}
	press(v, " ")
	before := seen(v)
	v.Add(numbered(5))
	if got := seen(v); got != before || !strings.Contains(v.Note(theme.New(theme.Options{})), "Halted") {
		t.Errorf("halted, it moves:\n%s\n%s", before, got)
	}
	press(v, " ")
	if got := seen(v); !strings.HasSuffix(got, "line 4") {
		t.Error(got)
	}
	press(v, "up")
	if got := seen(v); !strings.HasSuffix(got, "line 3") {
		t.Error(got)
	}
	press(v, "pgdown")
	v.Add([]string{"the end"})
	if got := seen(v); !strings.HasSuffix(got, "the end") {
		t.Errorf("at the end it does not follow: %s", got)
	}
}

func TestSearch(t *testing.T) {
	v := New()
	v.Add([]string{"one Order", "two", "three order", "four", "five", "six", "seven order 7", "eight", "nine", "ten"})
	seen(v)
	press(v, "/", "ORDER", "enter")
	want := func(text string) {
		t.Helper()
		if got := seen(v); !strings.Contains(got, text) {
			t.Errorf("%q is not in\n%s", text, got)
		}
	}
	want("seven order")
	press(v, "n")
	want("three order")
	press(v, "n")
	want("one Order")
	press(v, "n")
	want("seven order")
	press(v, "N")
	want("one Order")
	press(v, "/", "nothing", "enter")
	if note := v.Note(theme.New(theme.Options{})); !strings.Contains(note, `"nothing" not found`) {
		t.Error(note)
	}
	press(v, "/", "q")
	if !v.Typing() {
		t.Error("a letter ends the typing")
	}
	press(v, "esc")
	if v.Typing() {
		t.Error("esc does not end it")
	}
}

func TestLevels(t *testing.T) {
	v := New()
	v.Add([]string{"a INFO b", "a WARNING b", "a ERROR b", "  File x", "ValueError: y", "Traceback (most recent call last)", "  File z", "a DEBUG c"})
	for _, want := range []int{8, 5, 4, 8} { // all, warnings and errors, errors, all
		if got := len(v.shown()); got != want {
			t.Errorf("%d lines at level %d, want %d", got, v.least, want)
		}
		press(v, "w")
	}
}

// However much comes, what is kept is bounded.
func TestBounds(t *testing.T) {
	v, b := New(), &Buffer{}
	for range 5 {
		for _, line := range numbered(Most) {
			b.Add(line)
		}
		if got := len(b.Take()); got > 2*Most {
			t.Error(got)
		}
		v.Add(numbered(Most))
		v.Add([]string{"last"})
	}
	if len(v.kept()) != Most || len(v.lines) > 2*Most || !strings.HasSuffix(seen(v), "last") {
		t.Error(len(v.kept()), len(v.lines), seen(v))
	}
	b.Add(strings.Repeat("x", 10*mostBytes))
	if got := b.Take(); len(got[0]) != mostBytes {
		t.Error(len(got[0]))
	}
}
