package wizard

import (
	"slices"
	"testing"
)

func TestHanging(t *testing.T) {
	for text, want := range map[string][]string{
		"short":                      {"short"},
		"1. one two three four five": {"1. one two", "   three", "   four", "   five"},
		"  a command that is long":   {"  a command", "  that is", "  long"},
		"   https://a.example/b":     {"   https://", "   a.exampl", "   e/b"},
	} {
		if got := hanging(text, 11); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}
