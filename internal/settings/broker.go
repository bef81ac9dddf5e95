package settings

import (
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/templates"
)

// KnownBroker refuses a .env whose redirect URL names no broker, or one that neither
// this program nor that OpenAlgo knows.
func KnownBroker(env *envfile.File) error {
	id := BrokerOf(env)
	if _, ok := broker.Find(id); ok || Listed(env, id) {
		return nil
	}
	refused := finding.Named(finding.HostNotReady, "broker-unknown", "the REDIRECT_URL in .env names the broker %q, which openalgo-install does not know", id).
		With(finding.Hint{Do: "Correct it in .env: the id is one of " + strings.Join(broker.IDs(), ", ")}, finding.Anywhere("Update openalgo-install, if the broker is new", "self-update"))
	if id == "" {
		refused = finding.Named(finding.HostNotReady, "broker-unknown", "the REDIRECT_URL in .env names no broker\n\n"+
			"OpenAlgo reads your broker from it.").
			With(finding.Hint{Do: "Write your broker's id before /callback in .env, for example http://127.0.0.1:5000/zerodha/callback"})
	}
	return refused.Ending(finding.Unchanged)
}

// BrokerKey returns the broker of a .env, and reports whether its API key is still to
// be entered.
func BrokerKey(env *envfile.File) (id string, awaited bool) {
	if id = BrokerOf(env); id == "" {
		return "", false
	}
	value, _ := env.Get("BROKER_API_KEY")
	return id, broker.Awaited(value)
}

// IsKeyMissing reports whether a problem of a .env is that credentials are still to be
// entered.
func IsKeyMissing(env *envfile.File, problem envfile.Problem) bool {
	value, _ := env.Get(problem.Key)
	return strings.HasPrefix(problem.Key, "BROKER_API_") && !problem.Fatal && broker.Awaited(value)
}

// KeyMissing is the warning of a .env without an API key, and with what to enter it.
func KeyMissing(env *envfile.File) *finding.Error {
	command := []string{"set", "BROKER_API_KEY", "BROKER_API_SECRET"}
	if b, _ := broker.Find(BrokerOf(env)); b.NeedsMarketData() {
		command = append(command, "BROKER_API_KEY_MARKET", "BROKER_API_SECRET_MARKET")
	}
	return finding.Warn("api-key-missing", "your broker's API key is not entered yet. OpenAlgo runs, but cannot log in to your broker").
		With(finding.Run("Enter it when you have it", command...))
}

const validBrokers = "VALID_BROKERS"

// Listed reports whether a .env names the broker among those that its OpenAlgo has.
func Listed(env *envfile.File, id string) bool {
	if env == nil {
		return false
	}
	_, wellFormed := broker.Of(id)
	list, _ := env.Get(validBrokers)
	return wellFormed && slices.Contains(strings.Split(strings.ReplaceAll(list, " ", ""), ","), id)
}

// Listing adds the broker of the answers to VALID_BROKERS where the image lists it,
// or is not here to be asked, and warns about one that this program does not know.
// Any other broker OpenAlgo refuses.
func Listing(a answers.Answers, env *envfile.File, sample []byte, imageHere bool) (out []Setting, warnings finding.Warnings) {
	id := a.Broker.Name
	text := sample
	if text == nil {
		text = templates.Env()
	}
	base, err := envfile.Parse(text)
	if err != nil {
		return nil, nil // read again, and refused, where .env is made
	}
	_, known := broker.Find(id)
	unasked := sample == nil && (!imageHere || a.Image.Source == "rehearsal")
	switch {
	case Listed(base, id) && sample != nil && !known && BrokerOf(env) != id:
		warnings = append(warnings, finding.Warn("broker-new", "openalgo-install does not know the broker %s, but your OpenAlgo release does. The format of its credentials was not checked", id))
	case unasked && !known:
		warnings = append(warnings, finding.Warn("broker-new", "openalgo-install does not know the broker %s. It checks whether your OpenAlgo release does after the pull, before anything changes", id))
	}
	now := env
	if now == nil {
		now = base
	}
	if !Listed(now, id) && (Listed(base, id) || unasked) {
		list, _ := now.Get(validBrokers)
		out = append(out, Setting{Key: validBrokers, Value: secret.New(list + "," + id)})
	}
	return out, warnings
}
