package install

import (
	"bytes"
	"regexp"
)

// lineWriter hands each whole line of a stream on, without its end.
type lineWriter struct {
	take func(line string)
	part []byte // of a line that is not whole yet
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.part = append(w.part, p...)
	for {
		line, rest, whole := bytes.Cut(w.part, []byte{'\n'})
		if !whole {
			return len(p), nil
		}
		w.part = rest
		w.take(string(bytes.TrimRight(line, "\r")))
	}
}

// flush hands on what came after the last line end.
func (w *lineWriter) flush() {
	if len(w.part) > 0 {
		w.take(string(w.part))
		w.part = nil
	}
}

// printedKey is a key line as the app prints it when it can't write .env: its
// value is new, so nobody knows it yet.
var printedKey = regexp.MustCompile(`((?:APP_KEY|API_KEY_PEPPER|FERNET_SALT)\s*=\s*)['"]?[^\s'"]+['"]?`)

// withoutSecrets is a line of the app's log, fit to be shown.
func (in *Installer) withoutSecrets(line string) string {
	return printedKey.ReplaceAllString(in.redact.Redact(line), "${1}[secret]")
}
