package edge

import (
	"regexp"
	"strings"
	"testing"
)

// longDomain is as long as a domain may be.
var longDomain = strings.Repeat("a."+strings.Repeat("b", 60)+".", 4)[:241] + ".example.com"

// Whatever the domain, its names fit into nginx's tables and into a directory.
func TestNamesOfDomains(t *testing.T) {
	t.Parallel()
	if len(longDomain) != 253 {
		t.Fatal(len(longDomain))
	}
	variable := regexp.MustCompile(`\$(openalgo_[a-z0-9_]+)`)
	for _, domain := range []string{"a.in", "aaaaaaaaaaaaa.example.co.in", strings.Repeat("a", 42) + ".com", strings.Repeat("a", 43) + ".com", longDomain} {
		text := string(renderNginx(Site{Domain: domain, Cloudflare: true, CertPath: "/c", KeyPath: "/k"}, nginxForm{http: 80, https: 443}))
		names := variable.FindAllStringSubmatch(text, -1)
		if len(names) == 0 {
			t.Error("no variables")
		}
		for _, m := range names {
			if len(m[1]) > longestNginxName {
				t.Errorf("%s: the variable %s", domain, m[1])
			}
		}
		pattern := strings.Contains(text, "server_name ~^"+regexp.QuoteMeta(domain)+"$;")
		if pattern != (len(domain) > longestNginxName) || !pattern && !strings.Contains(text, "server_name "+domain+";") {
			t.Errorf("%s: its server_name\n%s", domain, text)
		}
		if n := &(Nginx{dir: "/d"}); len(n.siteFile(domain)) > 200 || len(siteFile("", domain)) > 200 {
			t.Errorf("%s: %s", domain, n.siteFile(domain))
		}
	}
	if domainID("a-b.in") == domainID("a.b.in") || fileName(longDomain) == fileName("x"+longDomain[1:]) || fileName("algo.example.com") != "algo.example.com" {
		t.Error("two domains have one name")
	}
}
