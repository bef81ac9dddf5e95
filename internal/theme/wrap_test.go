package theme

import (
	"slices"
	"testing"
)

// A name, an address and a command can be pasted from the screen.
func TestWrapKeepsWordsWithHyphensWhole(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"table: openalgo-install size": {"table:", "openalgo-install", "size"},
		"in /opt/open-test.yaml":       {"in", "/opt/open-test.yaml"},
		"one two-three":                {"one two-three"},
	} {
		if got := Wrap(text, 19); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}
