package settings

import (
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// Answers that leave the credentials for later take none away from a broker that was
// chosen inside OpenAlgo, and do so where they change the broker.
func TestCredentialsForLaterTakeNoneAway(t *testing.T) {
	const env = "BROKER_API_KEY = 'K2'\nBROKER_API_SECRET = 'S2'\nREDIRECT_URL = 'http://127.0.0.1:5000/fyers/callback'\n" +
		"APP_KEY = '" + pepper + "'\nAPI_KEY_PEPPER = '" + pepper + "'\n"
	of := func(b answers.Broker) answers.Answers {
		return answers.Answers{Broker: b, Ports: answers.Ports{Web: 5000, WebSocket: 8765, Bind: "127.0.0.1"}}
	}
	var after instance.State
	Remember(&after, "salt", Of(of(answers.Broker{Name: "zerodha", APIKey: secret.New("K1"), APISecret: secret.New("S1")}), sizing.Sizing{}, true), nil)
	for name, c := range map[string]struct {
		broker                answers.Broker
		last                  instance.State
		key, secret, redirect string
	}{
		"changed inside OpenAlgo":      {answers.Broker{Name: "zerodha"}, after, "K2", "S2", "fyers"},
		"with a sample text":           {answers.Broker{Name: "zerodha", APIKey: secret.New("YOUR_API_KEY")}, after, "K2", "S2", "fyers"},
		"to one that has a sample key": {answers.Broker{Name: "dhan"}, instance.State{}, "YOUR_CLIENT_ID:::YOUR_API_KEY", "", "dhan"},
		"to another broker":            {answers.Broker{Name: "upstox"}, after, "", "", "upstox"},
		"the same broker":              {answers.Broker{Name: "fyers"}, after, "K2", "S2", "fyers"},
	} {
		c.broker.Later()
		now := parsed(t, env)
		want := Of(WithKept(of(c.broker), now), sizing.Sizing{}, false)
		p, _, err := decide(now, nil, want, c.last, true)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		file := parsed(t, string(p.Text))
		key, _ := file.Get("BROKER_API_KEY")
		secret, _ := file.Get("BROKER_API_SECRET")
		if key != c.key || secret != c.secret || BrokerOf(file) != c.redirect {
			t.Errorf("%s: %q, %q, %s", name, key, secret, BrokerOf(file))
		}
		if stays := slices.Contains(p.Kept, "BROKER_API_KEY"); stays != (c.redirect == "fyers" && c.broker.Name != "fyers") {
			t.Errorf("%s: kept: %v", name, p.Kept)
		}
	}
}

// A key and a redirect URL in .env are of one broker, whatever was changed inside
// OpenAlgo and in the answers.
func TestKeyAndRedirectURLAreOfOneBroker(t *testing.T) {
	const ending = "APP_KEY = '" + pepper + "'\nAPI_KEY_PEPPER = '" + pepper + "'\n"
	of := func(name, key, secretText string) answers.Answers {
		return answers.Answers{Broker: answers.Broker{Name: name, APIKey: secret.New(key), APISecret: secret.New(secretText)},
			Ports: answers.Ports{Web: 5000, WebSocket: 8765, Bind: "127.0.0.1"}}
	}
	var after instance.State
	Remember(&after, "salt", Of(of("zerodha", "K1", "S1"), sizing.Sizing{}, true), nil)
	const elsewhere = "http://192.168.1.9:5000/zerodha/callback"
	for name, c := range map[string]struct {
		key, secret, redirect string // in .env now
		answers               answers.Answers
		want                  string
	}{
		"nothing new":                          {"K2", "S2", "http://127.0.0.1:5000/fyers/callback", of("zerodha", "K1", "S1"), "K2 S2 http://127.0.0.1:5000/fyers/callback"},
		"a new key and secret":                 {"K2", "S2", "http://127.0.0.1:5000/fyers/callback", of("zerodha", "K3", "S3"), "K3 S3 http://127.0.0.1:5000/zerodha/callback"},
		"a new key alone":                      {"K2", "S2", "http://127.0.0.1:5000/fyers/callback", of("zerodha", "K3", "S1"), "K3 S1 http://127.0.0.1:5000/zerodha/callback"},
		"a new secret alone":                   {"K2", "S2", "http://127.0.0.1:5000/fyers/callback", of("zerodha", "K1", "S3"), "K1 S3 http://127.0.0.1:5000/zerodha/callback"},
		"the new key is there":                 {"K3", "S2", "http://127.0.0.1:5000/fyers/callback", of("zerodha", "K3", "S1"), "K3 S1 http://127.0.0.1:5000/zerodha/callback"},
		"another broker with the same key":     {"K2", "S2", "http://127.0.0.1:5000/fyers/callback", of("upstox", "K1", "S1"), "K1 S1 http://127.0.0.1:5000/upstox/callback"},
		"the broker that was chosen inside":    {"K2", "S2", "http://127.0.0.1:5000/fyers/callback", of("fyers", "K4", "S4"), "K4 S4 http://127.0.0.1:5000/fyers/callback"},
		"a redirect URL of one's own":          {"K2", "S2", elsewhere, of("zerodha", "K1", "S1"), "K2 S2 " + elsewhere},
		"one's own, and a new key":             {"K2", "S2", elsewhere, of("zerodha", "K3", "S3"), "K3 S3 " + elsewhere},
		"one's own, and another broker's key":  {"K2", "S2", elsewhere, of("upstox", "K3", "S3"), "K3 S3 http://127.0.0.1:5000/upstox/callback"},
		"a redirect URL that names no broker":  {"K2", "S2", "http://127.0.0.1:5000/", of("zerodha", "K3", "S3"), "K3 S3 http://127.0.0.1:5000/zerodha/callback"},
		"a sample key is no key of the broker": {"K2", "S2", "http://127.0.0.1:5000/fyers/callback", of("zerodha", "YOUR_API_KEY", "S1"), "K2 S2 http://127.0.0.1:5000/fyers/callback"},
	} {
		now := parsed(t, "BROKER_API_KEY = '"+c.key+"'\nBROKER_API_SECRET = '"+c.secret+"'\nREDIRECT_URL = '"+c.redirect+"'\n"+ending)
		p, _, err := decide(now, nil, Of(c.answers, sizing.Sizing{}, false), after, true)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		file, got := parsed(t, string(p.Text)), []string{}
		for _, key := range []string{"BROKER_API_KEY", "BROKER_API_SECRET", "REDIRECT_URL"} {
			value, _ := file.Get(key)
			got = append(got, value)
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
	}
}
