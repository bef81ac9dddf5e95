package compose_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/compose"
)

// Ports of OpenAlgo's own need nobody who leads to them, and nobody may take them
// from it.
func TestCommand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		web, socket int
		want        string
	}{
		{5000, 8765, ""}, {8765, 5000, ""}, {5555, 8765, ""},
		{5001, 8766, "5001:5000 8766:8765"}, {5001, 8765, "5001:5000"}, {5000, 8766, "8766:8765"}, {8765, 80, "80:8765"},
	} {
		got := compose.Command(c.web, c.socket)
		if c.want == "" {
			if got != nil {
				t.Errorf("%d, %d: %q", c.web, c.socket, got[3:])
			}
			continue
		}
		if len(got) < 6 || strings.Join(got[3:len(got)-2], " ") != c.want || got[len(got)-1] != "/app/start.sh" || !compose.IsCommand(got) {
			t.Errorf("%d, %d: %q", c.web, c.socket, got)
		}
	}
	good := compose.Command(5001, 8766)
	for name, change := range map[string]func([]string) []string{
		"nothing":         func([]string) []string { return nil },
		"another start":   func(c []string) []string { c[len(c)-1] = "/app/other.sh"; return c },
		"more to start":   func(c []string) []string { return append(c, "x") },
		"another program": func(c []string) []string { c[2] += "import os"; return c },
		"no port":         func(c []string) []string { c[3] = "-x"; return c },
		"another python":  func(c []string) []string { c[0] = "python"; return c },
	} {
		if compose.IsCommand(change(slices.Clone(good))) {
			t.Error(name)
		}
	}
}

// The container gets the command word for word.
func TestCommandIsLoaded(t *testing.T) {
	t.Parallel()
	p := params
	p.Command = compose.Command(5001, 8766)
	stack, err := compose.Load(source("/opt/openalgo", compose.Render(p), ""))
	if err != nil {
		t.Fatal(err)
	}
	if got := stack.Spec("").Cmd; !slices.Equal(got, p.Command) {
		t.Errorf("%q", got)
	}
}

// A command names start.sh, too, and is no health check.
func TestHasOwnHealth(t *testing.T) {
	t.Parallel()
	p := params
	p.Command = compose.Command(5001, 8766)
	if compose.HasOwnHealth(compose.Render(p)) {
		t.Error("without")
	}
	if p.OwnHealth = true; !compose.HasOwnHealth(compose.Render(p)) {
		t.Error("with")
	}
}
