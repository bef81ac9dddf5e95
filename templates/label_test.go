package templates_test

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/templates"
)

// TestImageSaysThatItIsCompiled reads the label as those do who would else compile it.
func TestImageSaysThatItIsCompiled(t *testing.T) {
	if want := "\nLABEL " + openalgo.LabelBytecode + "=1\n"; !strings.Contains(string(templates.Dockerfile()), want) {
		t.Errorf("the Dockerfile has no line %q", want)
	}
}
