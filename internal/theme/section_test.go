package theme_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/marketcalls/openalgo-install/internal/theme"
)

// A section is a box where the page has room for one, and never wider than the page.
func TestSection(t *testing.T) {
	t.Parallel()
	look := theme.New(theme.Options{Unicode: true})
	for _, c := range []struct{ width, height, lines int }{{78, 19, 3}, {38, 40, 3}, {96, 35, 4}, {60, 30, 4}} {
		got := theme.Section(look, "What changes", []string{"one", "two"}, c.width, c.height)
		if len(got) != c.lines || !strings.Contains(got[0], "What changes") {
			t.Errorf("%+v: %q", c, got)
		}
		for _, line := range got {
			if ansi.StringWidth(line) > c.width {
				t.Errorf("%+v: %q", c, line)
			}
		}
	}
	if theme.Inner(96, 35) != 92 || theme.Inner(78, 19) != 76 {
		t.Error("the lines do not fit")
	}
	if got := theme.Section(look, "", []string{"one"}, 78, 19); len(got) != 1 || got[0] != "one" {
		t.Errorf("without a title: %q", got)
	}
}
