package edge_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

var update = flag.Bool("update", false, "write the golden files again")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s differs (-update writes it again):\n%s", path, got)
	}
}

func site() edge.Site {
	return edge.Site{Instance: "openalgo", Dir: "/opt/openalgo", Domain: "algo.example.com", Web: "127.0.0.1:5000", WebSocket: "127.0.0.1:8765"}
}

func TestRender(t *testing.T) {
	for name, test := range map[string]struct {
		change   func(*edge.Site)
		settings edge.Settings
		nginx    bool
	}{
		"auto": {change: func(s *edge.Site) { s.Email = "me@example.com" }},
		"other-authority": {change: func(s *edge.Site) {
			s.CA, s.CARoot = "https://ca.example.com/dir", []byte("ROOT\n")
		}, settings: edge.Settings{Dir: "/srv/way in", Image: "caddy:2.11", HTTP: 8080, HTTPS: 8443}},
		"cloudflare": {change: func(s *edge.Site) { s.Cloudflare = true }},
		"nginx":      {change: func(s *edge.Site) {}, nginx: true},
		"nginx-own": {change: func(s *edge.Site) {
			s.CertPath, s.KeyPath, s.Cloudflare = "/etc/ssl/a.pem", "/etc/ssl/a.key", true
		}, settings: edge.Settings{HTTP: 8080, HTTPS: 8443}, nginx: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := site()
			test.change(&s)
			for _, f := range edge.Render(s, test.settings, test.nginx) {
				golden(t, filepath.Join(name, strings.TrimSuffix(f.Path, "/")), f.Text)
				if strings.Contains(string(f.Text), "@") && strings.Contains(strings.ReplaceAll(string(f.Text), "@example.com", ""), "@DOMAIN@") {
					t.Errorf("%s has a place that was not filled", f.Path)
				}
			}
		})
	}
}

func TestOwner(t *testing.T) {
	for text, want := range map[string]string{
		string(edge.RenderCaddySite(site())): "openalgo in /opt/openalgo",
		"":                                   "",
		"server { }":                         "",
		"# instance: other in /srv/other\nalgo.test {}":  "other in /srv/other",
		"# about\n# instance:   x in /a b  \n# and more": "x in /a b",
	} {
		if got := edge.Owner([]byte(text)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A name that this program did not choose stays one word of nginx's configuration,
// and one line of a comment.
func TestNamesStayNames(t *testing.T) {
	s := site()
	s.Instance, s.Dir = "mine", "/opt/my open;algo \"x\\\n}\nserver { listen 81; "
	s.CertPath, s.KeyPath = "/etc/ssl/a b;.pem", `/etc/ssl/k".key`
	text := string(edge.Render(s, edge.Settings{}, true)[0].Text)
	for _, want := range []string{
		"\n# instance: mine in /opt/my open;algo \"x\\ } server { listen 81;\n", `ssl_certificate     "/etc/ssl/a b;.pem";`, `ssl_certificate_key "/etc/ssl/k\".key";`,
		`root "/opt/my open;algo \"x\\`, `include "/opt/my open;algo \"x\\`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	s.Email = "#me@example.com"
	if text := string(edge.RenderCaddySite(s)); edge.Owner([]byte(text)) != edge.Owner(edge.Render(s, edge.Settings{}, true)[0].Text) || !strings.Contains(text, "tls `#me@example.com`\n") {
		t.Errorf("%s", text)
	}
}

// What keeps a site closed, and its link.
func TestGate(t *testing.T) {
	token := secret.New(strings.Repeat("A2B3", 7))
	for kind, name := range map[string]string{edge.KindCaddy: "gate/site.caddy", edge.KindNginx: "gate/site.conf"} {
		dir := t.TempDir()
		s := instance.Edge{Kind: kind, Dir: dir, Domain: "algo.example.com"}
		path := edge.GateFile(kind, dir, dir, s.Domain)
		f := edge.Gate{Kind: kind, Domain: s.Domain, Web: "127.0.0.1:5000"}.File(path, token)
		golden(t, name, f.Text)
		if f.Mode != 0o600 {
			t.Errorf("%s: mode %o", kind, f.Mode)
		}
		if link := edge.SetupLink(s, dir); !link.Empty() {
			t.Errorf("%s: a link without a gate", kind)
		}
		if err := edge.Place(f); err != nil {
			t.Fatal(err)
		}
		link := edge.SetupLink(s, dir)
		if want := "https://algo.example.com/openalgo-setup/" + token.Reveal(); link.Reveal() != want {
			t.Errorf("%s: %q", kind, link.Reveal())
		}
	}
	g := edge.Gate{Kind: edge.KindCaddy, Domain: "algo.example.com", Web: "127.0.0.1:5000"}
	now := g.File("", token).Text
	if text := g.Renewed("", now).Text; !bytes.Equal(text, now) {
		t.Errorf("it does not stay: %s", text)
	}
	g.Web = "127.0.0.1:5050"
	if text := g.Renewed("", now).Text; !bytes.Equal(text, g.File("", token).Text) {
		t.Errorf("another link, or another port: %s", text)
	}
	for _, damaged := range []string{"", "__Host-openalgo_setup=SHORT;", "__Host-openalgo_setup="} {
		if text := g.Renewed("", []byte(damaged)).Text; bytes.Contains(text, []byte("SHORT")) || bytes.Contains(text, []byte("setup=(?:")) {
			t.Errorf("after %q: %s", damaged, text)
		}
	}
	if link := edge.SetupLink(instance.Edge{}, t.TempDir()); !link.Empty() {
		t.Error("a link without HTTPS")
	}
	one, other := edge.NewToken(), edge.NewToken()
	if len(one.Reveal()) < 26 || one == other {
		t.Errorf("%d", len(one.Reveal()))
	}
}

// What a proxy can see of OpenAlgo's answer is its length.
func TestAnswerLengths(t *testing.T) {
	for needs, want := range map[bool]int{true: openalgo.AnswerWithout, false: openalgo.AnswerWith} {
		text, _ := json.Marshal(map[string]any{"status": "success", "needs_setup": needs}) // as Flask: sorted, compact
		if len(text)+len("\n") != want {
			t.Errorf("%v: %d", needs, len(text)+1)
		}
	}
}
