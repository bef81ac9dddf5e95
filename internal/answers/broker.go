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
}

func (b *Broker) fields() []field {
	return []field{
		{name: "name", value: text(&b.Name, "zerodha")},
		{name: "api_key", value: hidden(&b.APIKey)},
		{name: "api_secret", value: hidden(&b.APISecret)},
		{name: "market_api_key", value: hidden(&b.MarketAPIKey)},
		{name: "market_api_secret", value: hidden(&b.MarketAPISecret)},
	}
}

func (b *Broker) check(r *reader) {
	name := b.Name
	if name == "" {
		r.wrong("broker.name", "name your broker, e.g. `broker: {name: zerodha}`; one of: %s", strings.Join(broker.IDs(), ", "))
		return
	}
	known, ok := broker.Find(name)
	if !ok {
		hint := "one of: " + strings.Join(broker.IDs(), ", ")
		if near, ok := broker.Nearest(name); ok {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		r.wrong("broker.name", "OpenAlgo knows no broker by %s; %s", quote(name), hint)
		return
	}
	if r.saved {
		return
	}
	for _, p := range known.Check(broker.Credentials{
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
