package ready

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

func watching(redact *secret.Redactor) *logWatch {
	return &logWatch{prober: &Prober{Redact: redact}, found: make(chan struct{}), ended: make(chan struct{})}
}

// The lines are those of docs/openalgo-facts.md 1.2 and the app's own sources.
func TestFatalLines(t *testing.T) {
	for line, reason := range map[string]string{
		"Error: .env file not found.":                                                                   "cannot read its .env",
		"  CONFIGURATION UPDATE REQUIRED":                                                               "older than this image",
		"Error: The following environment variables are missing: BROKER_API_KEY":                        "BROKER_API_KEY",
		"Error: LOG_LEVEL must be one of: DEBUG, INFO":                                                  "LOG_LEVEL must be one of",
		"Error: Invalid REDIRECT_URL format.":                                                           "Invalid REDIRECT_URL",
		"RuntimeError: CRITICAL: APP_KEY must be at least 32 characters (got 3). Generate a secure key": "at least 32 characters",
		"[2026-01-01 00:00:00 +0530] [1] [ERROR] Worker failed to boot.":                                "could not start its worker",
		"\x1b[91m\x1b[1m[OpenAlgo Fernet salt]\x1b[0m":                                                  "FERNET_SALT is not the one",
		"\x1b[31mError: FLASK_ENV must be 'development' or 'production'\x1b[0m":                         "FLASK_ENV",
	} {
		w := watching(nil)
		lines := &printable.Lines{Take: w.take}
		if _, err := lines.Write([]byte("starting\n" + line[:5])); err != nil {
			t.Fatal(err)
		}
		if w.fatal() != "" {
			t.Errorf("half a line was judged: %q", line)
		}
		if _, err := lines.Write([]byte(line[5:] + "\r\nmore\n")); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(w.fatal(), reason) {
			t.Errorf("%q gives %q, want %q in it", line, w.fatal(), reason)
		}
	}
}

func TestOrdinaryLinesAreNotFatal(t *testing.T) {
	w := watching(nil)
	lines := &printable.Lines{Take: w.take}
	for _, line := range []string{
		"[2026-01-01 09:15:00] ERROR in data: Error: Invalid symbol", "Error: order rejected by the broker",
		"Migration completed", "[OpenAlgo Fernet salt] .env cannot be written: it goes on with the legacy salt", "2026-01-01 APP_KEY rotated", "",
	} {
		if _, err := lines.Write([]byte(line + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	if w.fatal() != "" {
		t.Errorf("fatal: %q", w.fatal())
	}
}

func TestTheTailHoldsNoSecretAndNoControl(t *testing.T) {
	w := watching(secret.NewRedactor(secret.New("canary-1234")))
	lines := &printable.Lines{Take: w.take}
	if _, err := lines.Write([]byte(strings.Repeat("line\n", 100) + "FERNET_SALT = 'canary-0123456789abcdef'\nkey=canary-1234 \x1b]0;title\x07\x1b[2Jend\n")); err != nil {
		t.Fatal(err)
	}
	tail := w.tail()
	if strings.Contains(strings.Join(tail, ""), "canary-0123") {
		t.Error("a key that the app made is in the log")
	}
	if len(tail) != keptLines || tail[len(tail)-1] != "key=[secret] end" {
		t.Errorf("%d lines, the last %q", len(tail), tail[len(tail)-1])
	}
}

// hostile is what a terminal acts on, around a secret that it also splits.
const hostile = "\u009b2J\x7f\u202eto\u202cken \x1b]52;c;eA==\x07can\u200eary\x9b"

func TestALogLineIsFitToBeShown(t *testing.T) {
	if got, want := Line(secret.NewRedactor(secret.New("canary")), hostile), "token "+secret.Mask+"\ufffd"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
