package edge

import (
	"os"
	"slices"
	"strings"
	"testing"
)

const dump = `nginx: the configuration file /etc/nginx/nginx.conf syntax is ok
nginx: configuration file /etc/nginx/nginx.conf test is successful
# configuration file /etc/nginx/nginx.conf:
user www-data;
include /etc/nginx/modules-enabled/*.conf;
http {
	include mime.types;
	include /etc/nginx/sites-enabled/*;
	include conf.d/*.conf;
}
# configuration file /etc/nginx/sites-enabled/default:
server {
	listen 80 default_server;
	server_name _;
}
# configuration file /etc/nginx/conf.d/shop.conf:
server { listen 80;
	server_name shop.example.com  www.shop.example.com;
}
`

func TestReadNginx(t *testing.T) {
	n := &Nginx{}
	n.read(dump)
	if n.dir != "/etc/nginx/conf.d" {
		t.Errorf("sites go to %q", n.dir)
	}
	i := slices.IndexFunc(n.loaded, func(f loadedFile) bool { return f.path == "/etc/nginx/conf.d/shop.conf" })
	if i < 0 || !slices.Equal(n.loaded[i].names, []string{"shop.example.com", "www.shop.example.com"}) {
		t.Errorf("%+v", n.loaded)
	}
	n = &Nginx{}
	n.read(strings.Replace(dump, "	include conf.d/*.conf;\n", "", 1))
	if n.dir != "/etc/nginx/sites-enabled" {
		t.Errorf("sites go to %q", n.dir)
	}
	n = &Nginx{}
	n.read("# configuration file /x/nginx.conf:\nhttp {}\n")
	if n.dir != "" {
		t.Errorf("sites go to %q", n.dir)
	}
}

func TestNginxVersion(t *testing.T) {
	for text, want := range map[string]bool{
		"nginx version: nginx/1.22.1": false, "nginx version: nginx/1.25.0": false, "nginx version: nginx/1.25.1 (Ubuntu)": true,
		"nginx version: nginx/1.26.3": true, "nginx version: nginx/2.0.0": true, "nginx version: openresty/1.25.3.1": false, "": false,
	} {
		if got := has1251(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func FuzzReadNginx(f *testing.F) {
	f.Add(dump)
	f.Add("# configuration file :\ninclude ;\nserver_name ;\n")
	f.Fuzz(func(_ *testing.T, text string) { (&Nginx{}).read(text) })
}

// A log of the real thing: Pebble found nobody on either port.
func TestRefusal(t *testing.T) {
	log, err := os.ReadFile("testdata/refused.log")
	if err != nil {
		t.Fatal(err)
	}
	got := refusalIn(log, "algo.test")
	for _, want := range []string{"could not reach algo.test on port 80", "could not reach algo.test on port 443", "a firewall, a security group"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if got := refusalIn(log, "other.test"); got != "" {
		t.Errorf("another domain's: %q", got)
	}
	before, _, _ := strings.Cut(string(log), `"msg":"will retry"`)
	if got := refusalIn([]byte(before), "algo.test"); got != "" {
		t.Errorf("before Caddy gave up: %q", got)
	}
}

func TestProblemWords(t *testing.T) {
	for kind, want := range map[string]string{
		"connection": "a firewall", "dns": "no address", "rateLimited": "no more requests", "caa": "CAA record",
		"unauthorized": "another machine answers", "serverInternal": "detail (serverInternal)",
	} {
		p := problem{Type: "urn:ietf:params:acme:error:" + kind, Detail: "detail"}
		if got := p.words("http-01", "algo.test"); !strings.Contains(got, want) {
			t.Errorf("%s: %q", kind, got)
		}
	}
}

func FuzzRefusal(f *testing.F) {
	log, err := os.ReadFile("testdata/refused.log")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(log, "algo.test")
	f.Add([]byte(`{"msg":"will retry","error":"[x] "}`), "x")
	f.Fuzz(func(_ *testing.T, log []byte, domain string) { refusalIn(log, domain) })
}
