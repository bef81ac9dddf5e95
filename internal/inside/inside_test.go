package inside

import (
	"regexp"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/secret"
)

func TestShownLines(t *testing.T) {
	redact := secret.NewRedactor(secret.New("word-4711"))
	for name, c := range map[string]struct {
		o          LogOptions
		line, want string
	}{
		"a line":           {LogOptions{}, "INFO ready", "INFO ready\n"},
		"no secret":        {LogOptions{}, "key word-4711", "key [secret]\n"},
		"with its time":    {LogOptions{Timestamps: true}, "2026-11-26T03:45:01.123456789Z INFO ready", "2026-11-26 09:15:01 IST  INFO ready\n"},
		"without one":      {LogOptions{Timestamps: true}, "INFO ready", "INFO ready\n"},
		"that matches":     {LogOptions{Match: regexp.MustCompile("ERR|ready")}, "INFO ready", "INFO ready\n"},
		"that does not":    {LogOptions{Match: regexp.MustCompile("ERR")}, "INFO ready", ""},
		"never the secret": {LogOptions{Match: regexp.MustCompile("4711")}, "key word-4711", ""},
	} {
		if got := c.o.Show(redact, c.line); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
