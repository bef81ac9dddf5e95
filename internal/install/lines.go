package install

import (
	"regexp"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

// printedKey is a key line as the app prints it when it can't write .env: its
// value is new, so nobody knows it yet.
var printedKey = regexp.MustCompile(`((?:APP_KEY|API_KEY_PEPPER|FERNET_SALT)\s*=\s*)['"]?[^\s'"]+['"]?`)

// withoutSecrets is a line of a log, fit to be shown: what a terminal acts on
// goes first, since it may stand within a secret.
func (in *Installer) withoutSecrets(line string) string {
	return printedKey.ReplaceAllString(in.redact.Redact(printable.Line(line)), "${1}[secret]")
}
