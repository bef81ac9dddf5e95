package cli

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

func TestReadPassword(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"Horse-7\n": "Horse-7\nHorse-7\n", "Horse-7\r\n": "Horse-7\nHorse-7\n", "Horse-7": "Horse-7\nHorse-7\n",
		" with blanks \n": " with blanks \n with blanks \n", "पासवर्ड-7\n": "पासवर्ड-7\nपासवर्ड-7\n",
		"": "", "\n": "", "4711\ntwo\n": "", "a\x00b\n": "", strings.Repeat("x", mostPassword+1): "",
	} {
		got, err := readPassword(strings.NewReader(given))
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%.20q: %q, %v", given, got, err)
		}
		if err != nil && (finding.IDOf(err) != "command-line" || given != "" && given != "\n" && strings.Contains(err.Error(), given[:3])) {
			t.Errorf("%.20q: %v", given, err)
		}
	}
}

// What a container prints acts on no terminal, and reaches a file as it is.
func TestFitFor(t *testing.T) {
	t.Parallel()
	const said = "ravi\x1b]52;c;cm0=\x07\x1b[2J\n"
	if got := string(fitFor([]byte(said), true)); got != "ravi\n" {
		t.Errorf("a terminal gets %q", got)
	}
	if got := string(fitFor([]byte(said), false)); got != said {
		t.Errorf("a file gets %q", got)
	}
}
