package broker_test

import (
	"testing"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

func TestOf(t *testing.T) {
	if b, ok := broker.Of("zerodha"); !ok || b.Name != "Zerodha" {
		t.Errorf("%+v", b)
	}
	b, ok := broker.Of("rupeezy")
	if !ok || b.ID != "rupeezy" || b.Kind != broker.Standard || b.KeyLabel == "" ||
		b.RedirectURL("https://x.example.com") != "https://x.example.com/rupeezy/callback" {
		t.Errorf("%+v", b)
	}
	for _, id := range []string{"", "Zerodha", "a b", "x/../y", "no", "a'b"} {
		if _, ok := broker.Of(id); ok {
			t.Errorf("%q can be no id", id)
		}
	}
}

func TestMisspelt(t *testing.T) {
	for id, want := range map[string]string{"zerodah": "zerodha", "zerodaa": "zerodha", "upstx": "upstox", "zerod": "zerodha", "dhann": "dhan",
		"rupeezy": "", "robinhood": "", "dhan_live": "", "zerodha": ""} {
		if got, _ := broker.Misspelt(id); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}

// Without a key OpenAlgo starts with what Until gives, and it counts as none.
func TestUntil(t *testing.T) {
	for id, want := range map[string]string{"zerodha": "", "dhan": "YOUR_CLIENT_ID:::YOUR_API_KEY", "fivepaisa": "YOUR_USER_KEY:::YOUR_USER_ID:::YOUR_CLIENT_ID", "tradesmart": ""} {
		b, _ := broker.Find(id)
		c := b.Until(broker.Credentials{})
		if got := c.APIKey.Reveal(); got != want || !broker.Awaited(got) {
			t.Errorf("%s: %q", id, got)
		}
		if problems := b.CheckGiven(c); len(problems) > 0 {
			t.Errorf("%s: %v", id, problems)
		}
	}
	dhan, _ := broker.Find("dhan")
	given := broker.Credentials{APIKey: secret.New("bare")}
	if len(dhan.CheckGiven(given)) != 1 || dhan.Until(given).APIKey.Reveal() != "bare" || broker.Awaited("bare") {
		t.Error("a key that was given is not checked, or does not stay")
	}
}
