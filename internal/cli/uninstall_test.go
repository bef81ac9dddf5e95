package cli

import (
	"bytes"
	"io"
	"testing"

	"github.com/creack/pty"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

// --purge=NAME asks on a terminal, and needs --yes only where nobody can be asked.
func TestPurgeByNameAsks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		purge, answer string
		yes           bool
		kind          finding.Kind
		asks          bool
	}{
		"yes":          {purge: "openalgo", answer: "yes\n", asks: true},
		"no":           {purge: "openalgo", answer: "no\n", asks: true, kind: finding.Cancelled},
		"another name": {purge: "other", kind: finding.Usage},
		"in advance":   {purge: "openalgo", yes: true},
		"no terminal":  {purge: "openalgo", kind: finding.Usage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			screen, tty, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer screen.Close()
			defer tty.Close()
			go func() { _, _ = io.Copy(io.Discard, screen) }()
			asks := &typist{to: screen, answers: []string{c.answer}}
			a := &app{stdin: tty, stdout: io.Discard, stderr: asks, yes: c.yes}
			if name == "no terminal" {
				a.stdin = &bytes.Buffer{}
			}
			removal := &plan.Plan{Project: "openalgo", Removal: &plan.Removal{}, Changes: []plan.Change{{Kind: plan.KindVolume, Name: "openalgo_db", Action: plan.ActionRemove}}}
			shown, err := (&uninstallCommand{app: a, purge: c.purge}).approveRemoval(removal)
			if (err == nil) != (c.kind == finding.Failed) || err != nil && finding.KindOf(err) != c.kind || shown != c.asks || (asks.said != "") != c.asks {
				t.Errorf("shown %v, %v, said %q", shown, err, asks.said)
			}
		})
	}
}
