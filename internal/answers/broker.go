package answers

import (
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Broker is the broker and its credentials; for several the "API key" is a
// client code or a composite (internal/broker).
type Broker struct {
	Name                          string // id, as internal/broker has it
	APIKey, APISecret             secret.Text
	MarketAPIKey, MarketAPISecret secret.Text // XTS brokers only
	// Credentials is "later" where what is left out may be entered later. An instance
	// of this broker keeps those that it has.
	Credentials string
}

const later = "later"

// Later leaves what is not given for later.
func (b *Broker) Later() { b.Credentials = later }

// IsLater reports whether what is not given is entered later.
func (b Broker) IsLater() bool { return b.Credentials == later }

func (b *Broker) fields() []field {
	return []field{
		{name: "name", value: text(&b.Name, "zerodha")},
		{name: "credentials", value: text(&b.Credentials, later).unsaved()},
		{name: "api_key", value: hidden(&b.APIKey)},
		{name: "api_secret", value: hidden(&b.APISecret)},
		{name: "market_api_key", value: hidden(&b.MarketAPIKey)},
		{name: "market_api_secret", value: hidden(&b.MarketAPISecret)},
	}
}

func (b *Broker) check(r *reader) {
	name := b.Name
	if name == "" {
		r.wrong("broker.name", "choose your broker, for example `broker: {name: zerodha}`; one of: %s", strings.Join(broker.IDs(), ", "))
		return
	}
	known, ok := broker.Of(name)
	near, misspelt := broker.Misspelt(name)
	if _, listed := broker.Find(name); !listed && !ok {
		near, misspelt = broker.Nearest(name)
	} else if listed {
		misspelt = false
	}
	if !ok || misspelt {
		hint := "one of: " + strings.Join(broker.IDs(), ", ")
		if misspelt {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		r.wrong("broker.name", "OpenAlgo has no broker %s; %s", quote(name), hint)
		return
	}
	if b.Credentials != "" && !b.IsLater() {
		r.wrong("broker.credentials", "%s is not possible here; write later, or remove this", quote(b.Credentials))
	}
	if r.saved || r.lookup.NamesOnly {
		return
	}
	check := known.Check
	if b.IsLater() {
		check = known.CheckGiven
	}
	for _, p := range check(broker.Credentials{
		APIKey: b.APIKey, APISecret: b.APISecret,
		MarketAPIKey: b.MarketAPIKey, MarketAPISecret: b.MarketAPISecret,
	}) {
		key, message := "broker."+p.Field, p.Message
		if source := r.source[key]; source != "" {
			message += " (it was read from " + source + ")"
		}
		r.wrong(key, "%s", message)
	}
}
