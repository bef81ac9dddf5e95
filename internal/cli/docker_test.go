package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// A refusal after this run has installed Docker does not say that nothing was changed.
func TestRefusalAfterDocker(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		end  string
		exit int
	}{
		"a refusal":         {finding.Named(finding.HostNotReady, "port-taken", "port 5000 is taken").With(finding.Hint{Do: "Stop it"}).Ending(finding.Unchanged), "Docker Engine was installed and stays. Nothing else was changed.", 3},
		"one without state": {finding.Named(finding.Usage, "answers-invalid", "wrong"), "Docker Engine was installed and stays.", 2},
		"a rollback":        {finding.Named(finding.RolledBack, "verify-failed", "it stopped").Ending("Rolled back."), "Rolled back.", 4},
		"a failure":         {errors.New("broken"), "", 1},
	} {
		for _, brought := range []bool{true, false} {
			var out bytes.Buffer
			a := &app{stdin: &bytes.Buffer{}, stdout: &out, stderr: &out, broughtDocker: brought}
			err := a.presenter().end(event.Result{}, c.err)
			text, want := out.String(), c.end
			if !brought {
				want = finding.EndOf(c.err)
			}
			if finding.EndOf(err) != want || exitCode(err) != c.exit || finding.IDOf(err) != finding.IDOf(c.err) || strings.Contains(text, "Docker Engine was installed") != strings.Contains(want, "Docker Engine was installed") ||
				name == "a refusal" && !strings.Contains(text, "Stop it") {
				t.Errorf("%s, Docker installed %v: %q, %v, exit %d, want %q\n%s", name, brought, finding.EndOf(err), err, exitCode(err), want, text)
			}
		}
	}
}
