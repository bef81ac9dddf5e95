package settings

import (
	"slices"
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
