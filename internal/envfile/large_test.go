package envfile_test

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/envfile"
)

// What would take all memory or minutes is refused before it does.
func TestParseIsBounded(t *testing.T) {
	for name, test := range map[string]struct{ text, says string }{
		"400,000 keys":              {strings.Repeat("A=1\n", 400_000), "lines"},
		"400,000 broken lines":      {strings.Repeat("=\n", 400_000), "lines"},
		"a value without measure":   {"B=1\nA=" + strings.Repeat("${", 500_000), "line 2"},
		"values of values":          {"A=0123456789\n" + strings.Repeat("A=${A}${A}\n", 40), "too large"},
		"values of values, at once": {"A=" + strings.Repeat("x", 100_000) + "\nB=" + strings.Repeat("${A}", 30_000), "too large"},
	} {
		if _, err := envfile.Parse([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	file, err := envfile.Parse([]byte(strings.Repeat("# a comment\nA='1'\n", 2000)))
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Set("A", "2"); err != nil {
		t.Fatal(err)
	}
	if value, _ := file.Get("A"); value != "2" {
		t.Errorf("A is %q", value)
	}
}
