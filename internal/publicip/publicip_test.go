package publicip_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/publicip"
)

// says is a service that answers so.
func says(t *testing.T, text string) string {
	t.Helper()
	return serves(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, text) })
}

func serves(t *testing.T, f http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s.URL
}

const mine, other = "203.0.113.7", "203.0.113.8"

func TestFind(t *testing.T) {
	t.Parallel()
	lost := serves(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, mine, http.StatusForbidden) })
	elsewhere := serves(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, says(t, mine), http.StatusFound)
	})
	for name, c := range map[string]struct {
		services []string
		local    string
		want     string
	}{
		"two agree":                  {services: []string{says(t, mine+"\n"), says(t, " "+mine)}, want: mine},
		"two of three":               {services: []string{says(t, other), says(t, mine), says(t, mine)}, want: mine},
		"one, and the machine's own": {services: []string{says(t, mine), lost}, local: mine, want: mine},
		"one alone":                  {services: []string{says(t, mine), lost}},
		"one against the machine":    {services: []string{says(t, mine)}, local: other},
		"two against the machine":    {services: []string{says(t, mine), says(t, mine)}, local: other, want: mine},
		"none, a public one":         {services: []string{lost}, local: mine, want: mine},
		"none, a private one":        {services: []string{lost}, local: "10.0.0.5"},
		"nobody is asked":            {local: mine, want: mine},
		"all disagree":               {services: []string{says(t, mine), says(t, other)}},
		"a redirect":                 {services: []string{elsewhere, says(t, mine)}},
		"a page":                     {services: []string{says(t, "<html>"+mine), says(t, mine)}},
		"too long":                   {services: []string{says(t, mine+strings.Repeat(" ", 100)), says(t, mine)}},
		"endless":                    {services: []string{serves(t, endless), says(t, mine)}},
		"private":                    {services: []string{says(t, "10.1.2.3"), says(t, "10.1.2.3")}},
		"between provider and home":  {services: []string{says(t, "100.64.3.4"), says(t, "100.64.3.4")}},
		"the other family":           {services: []string{says(t, "2001:db8::1"), says(t, "2001:db8::1")}},
		"mapped":                     {services: []string{says(t, "::ffff:"+mine), says(t, "::ffff:"+mine)}},
		"nobody":                     {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := publicip.Finder{IPv4: c.services, Local: func(to string) netip.Addr {
				if c.local == "" || strings.HasPrefix(to, "[") {
					return netip.Addr{}
				}
				return netip.MustParseAddr(c.local)
			}}
			if got := f.Find(t.Context()); got.String() != c.want || got.Known() != (c.want != "") {
				t.Errorf("%v, want %q", got, c.want)
			}
		})
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		if _, err := fmt.Fprint(w, strings.Repeat("1", 1000)); err != nil {
			return
		}
	}
}

// A service that never answers does not hold anybody up.
func TestBounded(t *testing.T) {
	t.Parallel()
	silent := serves(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	began := time.Now()
	f := publicip.Finder{IPv4: []string{silent, says(t, mine), says(t, mine)}}
	if got := f.Find(t.Context()); got.String() != mine || time.Since(began) > 20*time.Second {
		t.Errorf("%v after %s", got, time.Since(began))
	}
}

func TestIPv6(t *testing.T) {
	t.Parallel()
	six := netip.MustParseAddr("2001:db8::7")
	f := publicip.Finder{IPv4: []string{says(t, mine), says(t, mine)}, Local: func(to string) netip.Addr {
		if strings.HasPrefix(to, "[") {
			return six
		}
		return netip.Addr{}
	}}
	got := f.Find(t.Context())
	if got.IPv4.String() != mine || got.IPv6 != six {
		t.Errorf("%+v", got)
	}
	if text, _ := json.Marshal(got); string(text) != `{"ipv4":"203.0.113.7","ipv6":"2001:db8::7"}` {
		t.Errorf("%s", text)
	}
	if text, _ := json.Marshal(publicip.Address{}); string(text) != `{}` {
		t.Errorf("%s", text)
	}
}

// A cloud is asked only on its own machines, in its own way.
func TestMetadata(t *testing.T) {
	t.Parallel()
	base := serves(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" && r.Header.Get("X-aws-ec2-metadata-token-ttl-seconds") != "":
			_, _ = fmt.Fprint(w, "TOKEN")
		case r.URL.Path == "/latest/meta-data/public-ipv4" && r.Header.Get("X-aws-ec2-metadata-token") == "TOKEN",
			strings.HasPrefix(r.URL.Path, "/computeMetadata/") && r.Header.Get("Metadata-Flavor") == "Google",
			strings.HasPrefix(r.URL.Path, "/metadata/instance/") && r.Header.Get("Metadata") == "true" && r.URL.Query().Get("format") == "text",
			r.URL.Path == "/metadata/v1/interfaces/public/0/ipv4/address",
			r.URL.Path == "/hetzner/v1/metadata/public-ipv4":
			_, _ = fmt.Fprint(w, mine)
		default:
			http.NotFound(w, r)
		}
	})
	for name, c := range map[string]struct{ field, says, want string }{
		"AWS":          {"sys_vendor", "Amazon EC2", mine},
		"Google Cloud": {"product_name", "Google Compute Engine", mine},
		"Azure":        {"chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", mine},
		"DigitalOcean": {"sys_vendor", "DigitalOcean", mine},
		"Hetzner":      {"sys_vendor", "Hetzner", mine},
		"Oracle Cloud": {"chassis_asset_tag", "OracleCloud.com", ""},
		"":             {"sys_vendor", "QEMU", ""},
	} {
		f := publicip.Finder{Metadata: base, DMI: func(field string) string {
			if field == c.field {
				return c.says
			}
			return ""
		}}
		if got := f.Find(t.Context()); got.Cloud != name || got.String() != c.want {
			t.Errorf("%q: %+v", name, got)
		} else if stays := got.Stays(); !strings.Contains(stays, name) || !strings.Contains(stays, "unless it is") {
			t.Errorf("%q: %s", name, stays)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv(publicip.Services, says(t, mine)+", "+says(t, mine)+",http://203.0.113.9/,ftp://127.0.0.1/,https://ip.example.com/")
	f := publicip.Default()
	if len(f.IPv4) != 3 || f.Metadata != "" || f.IPv6 != nil {
		t.Errorf("%+v", f)
	}
	t.Setenv(publicip.Services, says(t, mine)+","+says(t, mine))
	if got := publicip.Find(t.Context()); got.IPv4.String() != mine {
		t.Errorf("%+v", got)
	}
	t.Setenv(publicip.Off, "1")
	if f := publicip.Default(); f.IPv4 != nil || f.IPv6 != nil || f.Metadata != "" {
		t.Errorf("%+v", f)
	}
	t.Setenv(publicip.Off, "")
	t.Setenv(publicip.Services, "")
	f = publicip.Default()
	if len(f.IPv4) < 2 || len(f.IPv6) < 2 {
		t.Errorf("%+v", f)
	}
	for _, url := range append(f.IPv4, f.IPv6...) {
		if !strings.HasPrefix(url, "https://") {
			t.Error(url)
		}
	}
}
