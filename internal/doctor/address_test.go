package doctor

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/publicip"
	"github.com/marketcalls/openalgo-install/internal/registered"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/status"
	"github.com/marketcalls/openalgo-install/internal/welcome"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	at := func(text string) publicip.Address { return publicip.Address{IPv4: netip.MustParseAddr(text)} }
	known := &registered.Record{Address: at("203.0.113.7")}
	for name, c := range map[string]struct {
		check address
		level Level
		says  string
	}{
		"same":       {address{now: at("203.0.113.7"), before: known}, OK, "203.0.113.7"},
		"changed":    {address{now: at("203.0.113.8"), before: known, where: "https://kite.trade"}, Failure, "is now 203.0.113.8. It was 203.0.113.7"},
		"first look": {address{now: at("203.0.113.8")}, OK, "203.0.113.8"},
		"not known":  {address{before: known}, OK, "cannot find"},
		"nothing":    {address{}, "", ""},
	} {
		found := c.check.judge(patient{})
		if c.level == "" {
			if len(found) > 0 {
				t.Errorf("%s: %+v", name, found)
			}
			continue
		}
		if len(found) != 1 || found[0].Level != c.level || !strings.Contains(found[0].Evidence, c.says) {
			t.Errorf("%s: %+v", name, found)
		}
		if is := found[0].Fix == FixAddress && found[0].ID == "address-changed" && strings.Contains(found[0].Evidence, "https://kite.trade"); is != (c.level == Failure) {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

func TestAccount(t *testing.T) {
	t.Parallel()
	link := secret.New("https://algo.example.com/openalgo-setup/TOKEN")
	for _, c := range []struct {
		id string
		a  *welcome.Account
	}{
		{"", nil},
		{"account-open", &welcome.Account{Missing: true, Public: "https://algo.example.com"}},
		{"account-missing", &welcome.Account{Missing: true, Link: link}},
		{"account-open", &welcome.Account{Missing: true, Link: link, Port: "5000"}},
	} {
		id, a := c.id, c.a
		p := patient{instance: &status.Instance{NoAccount: a != nil}}
		if a != nil {
			p.instance.Account = *a
		}
		found := account(p)
		if (len(found) == 1) != (a != nil) || a != nil && (found[0].ID != id || found[0].Level != Warning || strings.Contains(found[0].Evidence, "TOKEN")) {
			t.Errorf("%s: %+v", id, found)
		}
	}
	if found := account(patient{instance: &status.Instance{NoAccount: true, URL: "http://127.0.0.1:5000"}}); len(found) != 1 || found[0].ID != "account-missing" {
		t.Errorf("%+v", found)
	}
}
