package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/terminal"
	"github.com/marketcalls/openalgo-install/internal/wizard"
)

// Plain lines offer what the first page of the screens does.
func TestPlainLinesOfferRestoreAndAdopt(t *testing.T) {
	t.Parallel()
	newest, none := "/opt/openalgo-backups/a.tar.zst", ""
	menu := []wizard.MenuEntry{
		{Label: "Install OpenAlgo"},
		{Label: "Restore a backup", Args: []string{"restore", "--ask"}, Backup: &newest},
		{Label: "Take over the OpenAlgo in /srv/x", Args: []string{"adopt", "--ask", "--dir", "/srv/x"}},
		{Label: "Take over", Why: "There is none."},
	}
	var words []string
	said := func(menu []wizard.MenuEntry) string {
		var out bytes.Buffer
		w := &interview{installCommand: &installCommand{app: &app{dir: "/srv/new"}}, lines: terminal.NewLines(strings.NewReader(""), &out)}
		words = w.sayInstead(menu)
		return out.String()
	}
	sudo := ""
	if (&app{}).prompt().Sudo {
		sudo = "sudo "
	}
	for _, want := range []string{"  restore: Restore a backup\n    " + sudo + "openalgo-install --dir /srv/new restore /opt/openalgo-backups/a.tar.zst\n", "  adopt: Take over the OpenAlgo in /srv/x\n    " + sudo + "openalgo-install adopt --dir /srv/x\n"} {
		if got := said(menu); !strings.Contains(got, want) || strings.Contains(got, "--ask") || strings.Join(words, " ") != "restore adopt" {
			t.Errorf("no %q in %s", want, got)
		}
	}
	menu[1].Backup = &none
	if got := said(menu); !strings.Contains(got, "restore FILE\n") {
		t.Error(got)
	}
	if got := said(menu[:1]); got != "" {
		t.Errorf("an install alone: %q", got)
	}
}
