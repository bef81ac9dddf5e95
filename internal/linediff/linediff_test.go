package linediff_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/linediff"
)

func TestUnified(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, to string
		context  int
		want     string
	}{
		"the same":            {"a\n", "a\n", 3, ""},
		"a line of nothing":   {"", "a\n", 3, "@@ -0,0 +1 @@\n+a\n"},
		"nothing of a line":   {"a\n", "", 3, "@@ -1 +0,0 @@\n-a\n"},
		"a change":            {"1\n2\n3\n", "1\nx\n3\n", 3, "@@ -1,3 +1,3 @@\n 1\n-2\n+x\n 3\n"},
		"a line added":        {"1\n2\n", "1\nx\n2\n", 0, "@@ -1,0 +2 @@\n+x\n"},
		"two, far":            {"1\n2\n3\n4\n", "x\n2\n3\ny\n", 0, "@@ -1 +1 @@\n-1\n+x\n@@ -4 +4 @@\n-4\n+y\n"},
		"two that meet":       {"1\n2\n3\n4\n", "x\n2\n3\ny\n", 1, "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n-4\n+y\n"},
		"without a last line": {"1\n2", "1\n3", 3, "@@ -1,2 +1,2 @@\n 1\n-2\n\\ No newline at end of file\n+3\n\\ No newline at end of file\n"},
	} {
		want := c.want
		if want != "" {
			want = "--- a\n+++ b\n" + want
		}
		if got := linediff.Unified("a", "b", c.from, c.to, c.context); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
		}
	}
}

// patch makes the second text out of the first, whatever they are.
func TestPatchReadsIt(t *testing.T) {
	t.Parallel()
	patch, err := exec.LookPath("patch")
	if err != nil {
		t.Skip("no patch here")
	}
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		var lines []string
		for range random.IntN(12) {
			lines = append(lines, string(rune('a'+random.IntN(4))))
		}
		return strings.Join(append(lines, ""), "\n")
	}
	dir := t.TempDir()
	for n := range 200 {
		from, to := text(), text()
		if n == 0 {
			from, to = many("x", 3000), many("y", 3000) // more than are compared line by line
		}
		diff := linediff.Unified("f", "f", from, to, n%4)
		if diff == "" {
			continue
		}
		file := filepath.Join(dir, "f")
		if err := os.WriteFile(file, []byte(from), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(patch, "-s", "-p0", "--no-backup-if-mismatch", file)
		cmd.Stdin = strings.NewReader(diff)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s\n%q to %q\n%s", err, out, from, to, diff)
		}
		got, err := os.ReadFile(file)
		if err != nil && to != "" || string(got) != to {
			t.Fatalf("%q to %q came out as %q\n%s", from, to, got, diff)
		}
	}
}

func many(letter string, n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintln(&out, letter, i)
	}
	return out.String()
}

func FuzzUnified(f *testing.F) {
	f.Add("a\nb\n", "a\nc", 3)
	f.Fuzz(func(t *testing.T, from, to string, context int) {
		diff := linediff.Unified("a", "b", from, to, max(0, context%8))
		if (diff == "") != (from == to) {
			t.Errorf("%q to %q: %q", from, to, diff)
		}
	})
}
