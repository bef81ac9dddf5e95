package settings

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// FirstProject is the instance in the default directory: it has the ports and
// cookies that OpenAlgo's own documents name.
const FirstProject = "openalgo"

// Setting is one .env key and the value that it should have.
type Setting struct {
	Key   string
	Value secret.Text
	// Auto marks a value that we chose (the sizing): where .env has the key
	// already, the file wins, and `resize` is what changes it.
	Auto bool
	// Unset takes the key out of the file.
	Unset bool
}

// Of turns answers into .env keys, in the order in which they are
// written. The container's own ports and addresses are fixed: .env beats the
// container's environment in every process (docs/openalgo-facts.md 1.7). fresh says
// that there is no .env yet.
func Of(a answers.Answers, s sizing.Sizing, fresh bool) []Setting {
	var out []Setting
	add := func(key, value string) { out = append(out, Setting{Key: key, Value: secret.New(value)}) }

	if b, ok := broker.Of(a.Broker.Name); ok {
		for _, v := range b.Env(a.Origin(), b.Until(Credentials(a))) {
			out = append(out, Setting{Key: v.Key, Value: v.Value})
		}
		if b.Kind != broker.Crypto {
			add("DISABLE_SESSION_EXPIRY", "false") // may be left over from a crypto broker
		}
	}
	add("HOST_SERVER", a.Origin())
	add("WEBSOCKET_URL", webSocketURL(a))
	add("CORS_ALLOWED_ORIGINS", a.Origin())
	add("FLASK_HOST_IP", "0.0.0.0")
	add("FLASK_PORT", strconv.Itoa(openalgo.WebPort))
	add("FLASK_DEBUG", "False")
	add("FLASK_ENV", "production")
	add("WEBSOCKET_HOST", "0.0.0.0")
	add("WEBSOCKET_PORT", strconv.Itoa(openalgo.WebSocketPort))
	add("NGROK_ALLOW", "FALSE")
	add("TRUST_PROXY_HEADERS", trustProxy(a))
	add("MCP_HTTP_ENABLED", pythonBool(a.RemoteMCP.Enabled))
	if a.RemoteMCP.Enabled {
		add("MCP_PUBLIC_URL", a.Origin())
	}
	if a.RemoteMCP.Enabled || fresh { // a base of OpenAlgo's lets AI clients trade
		add("MCP_OAUTH_REQUIRE_APPROVAL", pythonBool(a.RemoteMCP.RequireApproval))
		add("MCP_OAUTH_WRITE_SCOPE_ENABLED", pythonBool(a.RemoteMCP.WriteOrders))
	}
	out = append(out, sizingSettings(a, s)...)
	for _, key := range slices.Sorted(maps.Keys(a.Env)) {
		out = append(out, Setting{Key: key, Value: a.Env[key]})
	}
	return out
}

// FromSource are OpenAlgo's own diagnostics: which source it was built from; ""
// is none.
func FromSource(branch, commit string, last instance.State) (out []Setting) {
	for _, s := range []Setting{
		{Key: "OPENALGO_GIT_BRANCH", Value: secret.New(branch)}, {Key: "OPENALGO_GIT_COMMIT", Value: secret.New(commit)},
	} {
		// Without a source only what we once wrote is taken back.
		if commit != "" || last.Env[s.Key] != "" {
			out = append(out, s)
		}
	}
	return out
}

func sizingSettings(a answers.Answers, s sizing.Sizing) []Setting {
	wholeHost := a.Sizing.RAMMiB != 0 || a.Sizing.Cores != 0
	var out []Setting
	for _, v := range s.Env() {
		asked := wholeHost
		switch v.Key {
		case "SHM_SIZE":
			asked = asked || a.Sizing.ShmMiB != 0
		case "STRATEGY_MEMORY_LIMIT_MB":
			asked = asked || a.Sizing.StrategyMemoryMiB != 0
		default:
			asked = asked || a.Sizing.Threads != 0
		}
		out = append(out, Setting{Key: v.Key, Value: secret.New(v.Value), Auto: !asked})
	}
	return out
}

// Credentials are the broker's in the answers.
func Credentials(a answers.Answers) broker.Credentials {
	return broker.Credentials{
		APIKey: a.Broker.APIKey, APISecret: a.Broker.APISecret,
		MarketAPIKey: a.Broker.MarketAPIKey, MarketAPISecret: a.Broker.MarketAPISecret,
	}
}

// webSocketURL is what browsers and clients use: through the proxy's /ws when
// there is a domain (docs/openalgo-facts.md 6), else the published port.
func webSocketURL(a answers.Answers) string {
	if a.Domain != "" {
		return "wss://" + a.Domain + openalgo.Socket
	}
	return "ws://" + a.Ports.At(a.Ports.WebSocket)
}

// trustProxy believes forwarded client addresses only when nobody but a proxy
// on this machine can reach the port (docs/openalgo-facts.md 6).
func trustProxy(a answers.Answers) string {
	if ip, err := netip.ParseAddr(a.Ports.Bind); a.Domain != "" && err == nil && ip.Unmap().IsLoopback() {
		return "TRUE"
	}
	return "FALSE"
}

func pythonBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// Remember notes what we wrote; for the keys in left, which .env has another
// value for on purpose, what was written before still counts.
func Remember(s *instance.State, salt string, settings []Setting, left []string) {
	s.Begin(salt)
	for _, set := range settings {
		if set.Unset {
			delete(s.Env, set.Key)
		} else if !slices.Contains(left, set.Key) {
			s.Env[set.Key] = s.Hash(set.Key, set.Value.Reveal())
		}
	}
}

// Cookies are those by which a further instance is told apart: a browser tells
// two instances on one host apart by the cookie's name alone, not by the port.
// Those of an instance that is there stay, or everybody would be logged out.
func Cookies(a answers.Answers, project string, fresh bool) []Setting {
	if !fresh || project == FirstProject {
		return nil
	}
	var out []Setting
	for _, key := range []string{"SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"} {
		if _, given := a.Env[key]; given {
			continue
		}
		base := map[string]string{"SESSION_COOKIE_NAME": "session", "CSRF_COOKIE_NAME": "csrf_token"}[key]
		out = append(out, Setting{Key: key, Value: secret.New(base + "_" + strings.ReplaceAll(project, "-", "_"))})
	}
	return out
}

// BrokerOf is the id in the redirect URL of a .env, <origin>/<id>/callback; "" where
// there is none.
func BrokerOf(env *envfile.File) string {
	if env == nil {
		return ""
	}
	url, _ := env.Get("REDIRECT_URL")
	return envfile.RedirectBroker(url)
}

// Names lists the keys of some settings, for a person.
func Names(list []Setting) string {
	var keys []string
	for _, set := range list {
		keys = append(keys, set.Key)
	}
	return strings.Join(keys, ", ")
}

// DataElsewhere reports whether .env puts the database outside the container,
// where nobody here can see whether it is empty.
func DataElsewhere(env *envfile.File) bool {
	if env == nil {
		return false
	}
	url, ok := env.Get("DATABASE_URL")
	return ok && url != "" && !strings.HasPrefix(url, "sqlite:")
}
