package keys

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the published keys into start.sh")

// TestStartScript keeps start.sh's copy of the digests: there is no Go in that image.
func TestStartScript(t *testing.T) {
	const path = "../../templates/start.sh"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?m)^PUBLISHED="\n(?:  [0-9a-f]{64}\n?)*"$`)
	if n := len(block.FindAll(text, -1)); n != 1 {
		t.Fatalf("start.sh has %d lists of published values", n)
	}
	want := "PUBLISHED=\"\n  " + strings.Join(slices.Concat(leakedAppKeys, leakedPeppers), "\n  ") + `"`
	fresh := block.ReplaceAllLiteral(text, []byte(want))
	if *update && !bytes.Equal(fresh, text) {
		if err := os.WriteFile(path, fresh, 0o755); err != nil { //nolint:gosec // a script
			t.Fatal(err)
		}
	} else if !bytes.Equal(fresh, text) {
		t.Error("start.sh knows other published keys than this package: make golden")
	}
}
