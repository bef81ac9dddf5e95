package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

// Without a terminal each question needs its flag, and one error names all that
// are open.
func TestApproveWithoutATerminal(t *testing.T) {
	t.Parallel()
	market, rights, replace := plan.Ask{Kind: plan.AskMarket, Text: "NSE is open"}, plan.Ask{Kind: plan.AskRights, Text: "it asks for its socket"},
		plan.Ask{Kind: plan.AskReplace, Text: "data is replaced"}
	for name, c := range map[string]struct {
		asks []plan.Ask
		o    changeOptions
		yes  bool
		kind finding.Kind
		says []string // nil: nothing is open
	}{
		"nothing asked":          {nil, changeOptions{}, false, 0, nil},
		"--now":                  {[]plan.Ask{market}, changeOptions{now: true}, false, 0, nil},
		"--yes is not --now":     {[]plan.Ask{market}, changeOptions{}, true, finding.HostNotReady, []string{"NSE is open", nowWay}},
		"another way":            {[]plan.Ask{market}, changeOptions{ways: "at night"}, false, finding.HostNotReady, []string{"at night"}},
		"--yes":                  {[]plan.Ask{replace}, changeOptions{}, true, 0, nil},
		"--now is not --yes":     {[]plan.Ask{replace}, changeOptions{now: true}, false, finding.Usage, []string{"data is replaced", addYes}},
		"--allow-rights":         {[]plan.Ask{rights}, changeOptions{rights: true}, false, 0, nil},
		"--yes grants no rights": {[]plan.Ask{rights}, changeOptions{now: true}, true, finding.Usage, []string{"its socket", "--allow-rights"}},
		"all at once":            {[]plan.Ask{replace, market, rights}, changeOptions{}, false, finding.HostNotReady, []string{"data is replaced. NSE is open. it asks", addYes, nowWay, "--allow-rights", "Nothing was changed."}},
		"each flag":              {[]plan.Ask{replace, market, rights}, changeOptions{now: true, rights: true}, true, 0, nil},
	} {
		a := &app{stdin: &bytes.Buffer{}, stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, yes: c.yes}
		_, err := a.approve(&plan.Plan{Asks: c.asks}, c.o)
		if c.says == nil && err != nil || c.says != nil && (err == nil || finding.KindOf(err) != c.kind) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range c.says {
			if text := (finding.Prompt{}).Text(err); !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
	}
}

// Each command is there once, and none was forgotten: a file adds its own.
func TestCommandsAreRegistered(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, cmd := range newRoot(&app{}).Commands() {
		if seen[cmd.Name()] {
			t.Errorf("%s is there twice", cmd.Name())
		}
		seen[cmd.Name()] = true
	}
	for _, name := range []string{"adopt", "admin", "backup", "doctor", "domain", "logs", "mcp", "recover", "resize", "restore", "rollback",
		"set", "shell", "start", "status", "stop", "uninstall", "upgrade", "version"} {
		if !seen[name] {
			t.Errorf("there is no %s", name)
		}
	}
	if err := noArgs(newRollback(&app{}), []string{"x"}); finding.IDOf(err) != "command-line" {
		t.Error("a word too many is taken")
	}
}
