package structure

import (
	"os"
	"testing"
)

// mostBytes is what the stripped program may have, so that it is quick to fetch on a
// slow line: 20 MB.
const mostBytes = 20_000_000

// make builds the program before it runs the tests.
func TestProgramSize(t *testing.T) {
	t.Parallel()
	info, err := os.Stat("../../.build/openalgo-install")
	if err != nil {
		t.Skip("make build has not been run")
	}
	if info.Size() > mostBytes {
		t.Errorf("the program has %d bytes, %d too many: see docs/dependencies.md", info.Size(), info.Size()-mostBytes)
	}
}
