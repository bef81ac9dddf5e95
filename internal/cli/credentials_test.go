package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/marketcalls/openalgo-install/internal/settings"
)

// Another broker's credentials are asked for by the names that it has for them, and not
// shown; so are those of the present one.
func TestCredentialsAreAskedForByTheirNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		asks []string
	}{
		"another broker": {[]string{"broker=dhan"}, []string{"Client id and API key, client_id:::api_key (", "API secret ("}},
		"named":          {[]string{"BROKER_API_KEY", "broker=dhan"}, []string{"Client id and API key, client_id:::api_key (", "API secret ("}},
		"the same":       {[]string{"BROKER_API_KEY", "BROKER_API_SECRET"}, []string{"API key (", "API secret ("}},
		"XTS":            {[]string{"broker=jainamxts"}, []string{"API key (", "API secret (", "API key for market data (", "API secret for market data ("}},
		"another secret": {[]string{"SMTP_PASSWORD"}, []string{"SMTP_PASSWORD ("}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			screen, stdin, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer screen.Close()
			defer stdin.Close()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, ".env"), []byte("REDIRECT_URL='http://127.0.0.1:5000/zerodha/callback'\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = io.Copy(io.Discard, screen) }()
			var asked bytes.Buffer
			// The answer is typed once the question stands there: hiding it drops what was typed before.
			out := writes(func(text []byte) {
				asked.Write(text)
				if strings.HasSuffix(string(text), ": ") {
					_, _ = screen.WriteString("canary-value\n")
				}
			})
			set := &setCommand{app: &app{stdin: stdin, stderr: out, stdout: out, dir: dir}}
			e, err := set.readVars(t.Context(), c.args)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(asked.String(), "canary") || strings.Count(asked.String(), "what you type is not shown") != len(c.asks) {
				t.Error(asked.String())
			}
			for _, want := range c.asks {
				if !strings.Contains(asked.String(), want) {
					t.Errorf("no %q in %s", want, asked.String())
				}
			}
			if len(e.Set) != len(c.asks) || e.Set[0].Value.Reveal() != "canary-value" {
				t.Errorf("%d values: %+v", len(e.Set), settings.Edit{}.Set)
			}
		})
	}
}

type writes func([]byte)

func (w writes) Write(text []byte) (int, error) {
	w(text)
	return len(text), nil
}
