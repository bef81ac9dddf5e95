package printable_test

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"plain, with\ttab\nand line":         "plain, with\ttab\nand line",
		"\x1b[31mred\x1b[0m":                 "red",
		"a\x1b]0;title\x07b":                 "ab",
		"a\x1b]52;c;cm0gLXJm\x1b\\b":         "ab",
		"a\x1bP1;2|x\x1b\\b":                 "ab",
		"\u009b2Ja \u009d0;t\u009cb":         "a b",
		"del\x7f bs\b cr\r nul\x00 esc\x1b":  "del bs cr nul esc",
		"\u0080\u0085\u008d\u009b":           "",
		"pay \u202eecila\u202c now":          "pay ecila now",
		"\u2066a\u2069\u200eb\u200fc\u061cd": "abcd",
		"8-bit \x9b31m":                      "8-bit \ufffd31m",
		"नमस्ते \u200d क्\u200dष":            "नमस्ते \u200d क्\u200dष",
		"an OSC without end \x1b]0;x\nnext":  "an OSC without end ]0;x\nnext",
	} {
		if got := printable.Text(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if got := printable.Line("a\nb"); got != "a b" {
		t.Errorf("a line: %q", got)
	}
}

func TestALineWithoutEndIsCut(t *testing.T) {
	longest, sum := 0, 0
	w := printable.Lines{Take: func(line string) { longest, sum = max(longest, len(line)), sum+len(line) }}
	part := []byte(strings.Repeat("x", 100_000))
	for range 50 {
		if n, err := w.Write(part); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	w.Flush()
	if longest > printable.LongestLine || sum != 50*len(part) {
		t.Errorf("the longest line has %d bytes, all have %d", longest, sum)
	}
}

func TestLines(t *testing.T) {
	var got []string
	w := printable.Lines{Take: func(line string) { got = append(got, line) }}
	for _, part := range []string{"a", "b\r\n", "\nc\nd", "e"} {
		_, _ = w.Write([]byte(part))
	}
	w.Flush()
	if strings.Join(got, "|") != "ab||c|de" {
		t.Errorf("%q", got)
	}
}
