package compose_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/compose"
)

// bomb is YAML whose aliases stand for a billion values.
func bomb() string {
	var b strings.Builder
	b.WriteString("x-a: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, "x-%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	return b.String()
}

func TestAliasesThatStandForABillion(t *testing.T) {
	text := bomb() + string(compose.Render(params))
	if _, err := compose.Load(source("/opt/openalgo", []byte(text), "")); err == nil {
		t.Error("loaded")
	}
	if _, _, err := compose.FreeLiterals([]byte(text), "openalgo", nil); err != nil { // no alias is followed for that
		t.Error(err)
	}
}

func TestNestingWithoutEnd(t *testing.T) {
	for _, open := range []string{"[", "{a: ", "- "} {
		text := []byte("x: " + strings.Repeat(open, (1<<20)/len(open)))
		if open == "- " {
			text = text[3:]
		}
		if _, err := compose.Load(source("/opt/openalgo", text, "")); err == nil {
			t.Errorf("%q: loaded", open)
		}
		if _, _, err := compose.FreeLiterals(text, "openalgo", nil); err == nil {
			t.Errorf("%q: has a service", open)
		}
	}
}
