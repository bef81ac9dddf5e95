package settings

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

func TestKnownBroker(t *testing.T) {
	for redirect, says := range map[string]string{
		"http://127.0.0.1:5000/zerodha/callback": "", "http://127.0.0.1:5000/Zerodha/callback": "", "http://127.0.0.1:5000/callback": "names no broker",
		"http://127.0.0.1:5000/robinhood/callback": `names the broker "robinhood"`, "": "names no broker",
	} {
		err := KnownBroker(parsed(t, "REDIRECT_URL = '"+redirect+"'\n"))
		if says == "" && err != nil || says != "" && (finding.IDOf(err) != "broker-unknown" || finding.KindOf(err) != finding.HostNotReady || !strings.Contains(err.Error(), says)) {
			t.Errorf("%q: %v", redirect, err)
		}
	}
}

func TestABrokerThatTheReleaseListsIsKnown(t *testing.T) {
	if err := KnownBroker(parsed(t, "VALID_BROKERS = 'zerodha, rupeezy'\nREDIRECT_URL = 'http://127.0.0.1:5000/rupeezy/callback'\n")); err != nil {
		t.Error(err)
	}
}

// VALID_BROKERS gets the broker of the answers where the release knows it.
func TestListing(t *testing.T) {
	newer := []byte("VALID_BROKERS = 'zerodha,rupeezy'\n")
	for name, c := range map[string]struct {
		id        string
		env       string // "": there is none
		sample    []byte
		imageHere bool
		list      string // that is written; "": none
		warns     bool
	}{
		"known":                         {"zerodha", "", newer, true, "", false},
		"listed by the release":         {"rupeezy", "", newer, true, "", true},
		"listed, but not by .env":       {"rupeezy", "VALID_BROKERS = 'zerodha'\n", newer, true, "zerodha,rupeezy", true},
		"its broker already":            {"rupeezy", "VALID_BROKERS = 'rupeezy'\nREDIRECT_URL = 'http://x/rupeezy/callback'\n", newer, true, "", false},
		"not listed":                    {"robinhood", "", newer, true, "", false},
		"an image without a sample":     {"rupeezy", "", nil, true, "", false},
		"an image that is not here yet": {"rupeezy", "VALID_BROKERS = 'zerodha'\n", nil, false, "zerodha,rupeezy", true},
	} {
		var env *envfile.File
		if c.env != "" {
			env = parsed(t, c.env)
		}
		got, warnings := Listing(answers.Answers{Broker: answers.Broker{Name: c.id}}, env, c.sample, c.imageHere)
		list := ""
		if len(got) > 0 {
			list = got[0].Value.Reveal()
		}
		if list != c.list || (len(warnings) > 0) != c.warns {
			t.Errorf("%s: %q, %v", name, list, warnings.Texts())
		}
	}
}

// What the answers leave for later stays as the instance of that broker has it.
func TestWithKept(t *testing.T) {
	env := parsed(t, "BROKER_API_KEY = 'old-key'\nBROKER_API_SECRET = 'old-secret'\nREDIRECT_URL = 'http://127.0.0.1:5000/zerodha/callback'\n")
	for name, c := range map[string]struct {
		broker    answers.Broker
		key, secs string
	}{
		"kept":           {answers.Broker{Name: "zerodha", Credentials: "later"}, "old-key", "old-secret"},
		"one is new":     {answers.Broker{Name: "zerodha", Credentials: "later", APIKey: secret.New("new-key")}, "new-key", "old-secret"},
		"sample texts":   {answers.Broker{Name: "zerodha", Credentials: "later", APIKey: secret.New("YOUR_API_KEY"), APISecret: secret.New("YOUR_API_SECRET")}, "old-key", "old-secret"},
		"another broker": {answers.Broker{Name: "fyers", Credentials: "later"}, "", ""},
		"not asked for":  {answers.Broker{Name: "zerodha"}, "", ""},
	} {
		a := answers.Answers{Broker: c.broker}
		a = WithKept(a, env)
		if a.Broker.APIKey.Reveal() != c.key || a.Broker.APISecret.Reveal() != c.secs {
			t.Errorf("%s: %q, %q", name, a.Broker.APIKey.Reveal(), a.Broker.APISecret.Reveal())
		}
	}
	WithKept(answers.Answers{Broker: answers.Broker{Name: "zerodha", Credentials: "later"}}, nil)
}

// A stack without an API key can still be changed: what stands for it is no mistake.
func TestReadCredentialsWithoutAKey(t *testing.T) {
	for _, key := range []string{"", "YOUR_CLIENT_ID:::YOUR_API_KEY"} {
		a := answers.Answers{Version: 1, Broker: answers.Broker{Name: "dhan"}}
		ReadCredentials(&a, parsed(t, "BROKER_API_KEY = '"+key+"'\nBROKER_API_SECRET = ''\n"))
		if !a.Broker.IsLater() {
			t.Errorf("%q counts as a key", key)
		}
	}
}
