package settings

import (
	"strings"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// KnownBroker refuses a .env whose redirect URL names no broker, or one that this
// program does not know.
func KnownBroker(env *envfile.File) error {
	id := BrokerOf(env)
	if _, ok := broker.Find(id); ok {
		return nil
	}
	refused := finding.Named(finding.HostNotReady, "broker-unknown", "the REDIRECT_URL in .env names the broker %q, which openalgo-install does not know", id).
		With(finding.Hint{Do: "Correct it in .env: the id is one of " + strings.Join(broker.IDs(), ", ")}, finding.Anywhere("Update openalgo-install, if the broker is new", "self-update"))
	if id == "" {
		refused = finding.Named(finding.HostNotReady, "broker-unknown", "the REDIRECT_URL in .env names no broker\n\nOpenAlgo finds out there which broker is yours.").
			With(finding.Hint{Do: "Write your broker's id before /callback in .env, for example http://127.0.0.1:5000/zerodha/callback"})
	}
	return refused.Ending(finding.Unchanged)
}
