// Package broker knows the brokers OpenAlgo can log in to: what each one calls
// its two credentials, the form they must have, and the .env lines they
// become. It does no I/O and asks no broker anything. The facts are those of
// docs/openalgo-facts.md 2.
package broker

import (
	"strings"

	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Kind is the class of a broker, which decides what else it needs.
type Kind string

// The kinds (docs/openalgo-facts.md 2.2).
const (
	Standard Kind = "standard"
	XTS      Kind = "xts"     // needs a second pair of credentials for market data
	Crypto   Kind = "crypto"  // trades around the clock: no daily logout
	Sandbox  Kind = "sandbox" // the broker's own test system
)

// Broker is one line of the table. The labels are what the broker calls the
// two values that .env calls BROKER_API_KEY and BROKER_API_SECRET; the hints
// are short texts for a form, and may be empty; the examples are values that
// Check accepts.
type Broker struct {
	ID   string // as in VALID_BROKERS and the redirect URL
	Name string // as OpenAlgo's login page shows it
	Kind Kind

	KeyLabel, SecretLabel     string
	KeyHint, SecretHint       string
	KeyExample, SecretExample string
	SecretOptional            bool // may be empty, though .env must have the line

	// keyFormat names the parts of a key joined by ":::"; empty for a plain
	// one. Where bareKey is set the last part alone will do as well.
	keyFormat string
	bareKey   bool
}

// All returns every broker, sorted by id.
func All() []Broker { return append([]Broker(nil), brokers...) }

// IDs returns every broker's id, sorted.
func IDs() []string {
	ids := make([]string, len(brokers))
	for i, b := range brokers {
		ids[i] = b.ID
	}
	return ids
}

// Find returns the broker with exactly this id.
func Find(id string) (Broker, bool) {
	for _, b := range brokers {
		if b.ID == id {
			return b, true
		}
	}
	return Broker{}, false
}

// RedirectURL returns the address to enter in the broker's developer portal,
// character by character: <origin>/<id>/callback. The app refuses any other
// form, a trailing slash included. origin is scheme, host and port.
func (b Broker) RedirectURL(origin string) string {
	return strings.TrimRight(origin, "/") + "/" + b.ID + "/callback"
}

// NeedsMarketData reports whether the broker needs the second pair of
// credentials. The app starts without them, but has no prices then.
func (b Broker) NeedsMarketData() bool { return b.Kind == XTS }

// Credentials are what a user got from the broker. The market pair is for XTS
// brokers only.
type Credentials struct {
	APIKey, APISecret, MarketAPIKey, MarketAPISecret secret.Text
}

// EnvVar is one line of .env. Secret tells whether its value must be masked.
type EnvVar struct {
	Key    string
	Value  secret.Text
	Secret bool
}

// Env returns the .env lines for b: the credentials, REDIRECT_URL (which is
// also how the app knows its broker), and for a crypto broker
// DISABLE_SESSION_EXPIRY, without which the app logs it out every day at
// 03:00. Keys that b has no use for are left out, not emptied.
func (b Broker) Env(origin string, c Credentials) []EnvVar {
	env := []EnvVar{
		{"BROKER_API_KEY", c.APIKey, true},
		{"BROKER_API_SECRET", c.APISecret, true},
	}
	if b.NeedsMarketData() {
		env = append(env,
			EnvVar{"BROKER_API_KEY_MARKET", c.MarketAPIKey, true},
			EnvVar{"BROKER_API_SECRET_MARKET", c.MarketAPISecret, true})
	}
	env = append(env, EnvVar{"REDIRECT_URL", secret.New(b.RedirectURL(origin)), false})
	if b.Kind == Crypto {
		env = append(env, EnvVar{"DISABLE_SESSION_EXPIRY", secret.New("true"), false})
	}
	return env
}
