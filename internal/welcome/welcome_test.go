package welcome_test

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/welcome"
)

// Who can reach an OpenAlgo that has no admin account.
func TestMissing(t *testing.T) {
	t.Parallel()
	const site, here = "https://algo.example.com", "http://127.0.0.1:5000"
	link := secret.New(site + "/openalgo-setup/TOKEN")
	for name, c := range map[string]struct {
		link         secret.Text
		origin, bind string
		port         int
		public, open string
	}{
		"closed":                      {link, site, "127.0.0.1", 5000, "", ""},
		"closed, IPv6":                {link, site, "::1", 5000, "", ""},
		"closed, not published":       {link, site, "", 0, "", ""},
		"closed, open on all":         {link, site, "0.0.0.0", 5000, "", "5000"},
		"closed, open on all of IPv6": {link, site, "::", 5050, "", "5050"},
		"closed, open on one":         {link, site, "192.168.1.5", 5000, "", "5000"},
		"closed, as Docker says it":   {link, site, "", 5000, "", "5000"},
		"no gate":                     {secret.Text{}, site, "127.0.0.1", 5000, site, ""},
		"no gate, in the network":     {secret.Text{}, here, "0.0.0.0", 5000, here, ""},
		"here alone":                  {secret.Text{}, here, "127.0.0.1", 5000, "", ""},
	} {
		a := welcome.Missing(c.link, c.origin, c.bind, c.port)
		if !a.Missing || a.Public != c.public || a.Port != c.open {
			t.Errorf("%s: %+v", name, a)
		}
		text := strings.Join(a.Lines("status"), "\n")
		if says := strings.Contains(text, "Port "+c.open+" of this machine is open"); says != (c.open != "") {
			t.Errorf("%s: %s", name, text)
		}
		if strings.Contains(text, "TOKEN") == c.link.Empty() {
			t.Errorf("%s: %s", name, text)
		}
	}
}
