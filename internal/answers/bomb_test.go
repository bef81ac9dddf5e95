package answers_test

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

// Aliases and nesting cannot make answers larger than they are.
func TestAnswersWithoutMeasure(t *testing.T) {
	bomb := "version: 1\na: &a [x, x, x, x, x, x, x, x]\n"
	for range 20 {
		bomb += "b: &a [*a, *a, *a, *a, *a, *a, *a, *a]\n"
	}
	for name, text := range map[string]string{
		"aliases":  bomb,
		"merges":   "version: 1\nenv: &e {A: b}\nbroker: {<<: *e, <<: [*e, *e]}\n",
		"brackets": "version: 1\nenv: " + strings.Repeat("[", 1<<20),
		"braces":   "version: 1\nenv: " + strings.Repeat("{a: ", 1<<18),
		"dashes":   strings.Repeat("- ", 1<<19),
	} {
		if _, problems := answers.ParseAll([]byte(text), answers.Lookup{}); len(problems) == 0 {
			t.Errorf("%s: no problem", name)
		}
	}
}
