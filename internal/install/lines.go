package install

import (
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// withoutSecrets is a line of a log, fit to be shown: what a terminal acts on
// goes first, since it may stand within a secret.
func (in *Installer) withoutSecrets(line string) string {
	return openalgo.PrintedKey.ReplaceAllString(in.redact.Redact(printable.Line(line)), "${1}[secret]")
}
