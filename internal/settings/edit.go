package settings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// ReadCredentials takes the broker's credentials from .env, where alone they are.
func ReadCredentials(a *answers.Answers, env *envfile.File) {
	for key, place := range credentialKeys {
		value, _ := env.Get(key)
		*place(&a.Broker) = secret.New(value)
	}
	if broker.Awaited(a.Broker.APIKey.Reveal()) {
		a.Broker.Later()
	}
}

// WithKept returns the answers with the credentials that they leave for later and
// the .env of an instance has, where that is of the same broker.
func WithKept(a answers.Answers, env *envfile.File) answers.Answers {
	if !a.Broker.IsLater() || BrokerOf(env) != a.Broker.Name {
		return a
	}
	for key, place := range credentialKeys {
		if to := place(&a.Broker); broker.Awaited(to.Reveal()) {
			value, _ := env.Get(key)
			*to = secret.New(value)
		}
	}
	return a
}

// Var is one key of .env with the value that it shall have.
type Var struct {
	Key   string
	Value secret.Text
}

// Edit is what a user asks of .env, key by key.
type Edit struct {
	Set   []Var
	Unset []string
	// Whole is the file as the user made it in an editor, and WholeOf the
	// SHA-256 of the file that was edited; nil without an editor.
	Whole   []byte
	WholeOf string
	// TakenOver are settings that count as if .env had them: a container that is
	// adopted has them as variables.
	TakenOver []Var
	// Broker is the id of another broker; "" keeps the one that is.
	Broker string
}

func (e Edit) names(key string) bool {
	return slices.Contains(e.Unset, key) || slices.ContainsFunc(e.Set, func(v Var) bool { return v.Key == key })
}

func (e Edit) settings() []Setting {
	var out []Setting
	for _, v := range e.Set {
		out = append(out, Setting{Key: v.Key, Value: v.Value})
	}
	for _, key := range e.Unset {
		out = append(out, Setting{Key: key, Unset: true})
	}
	return out
}

// credentialKeys are the keys of .env that hold what the broker gave.
var credentialKeys = map[string]func(*answers.Broker) *secret.Text{
	"BROKER_API_KEY":           func(b *answers.Broker) *secret.Text { return &b.APIKey },
	"BROKER_API_SECRET":        func(b *answers.Broker) *secret.Text { return &b.APISecret },
	"BROKER_API_KEY_MARKET":    func(b *answers.Broker) *secret.Text { return &b.MarketAPIKey },
	"BROKER_API_SECRET_MARKET": func(b *answers.Broker) *secret.Text { return &b.MarketAPISecret },
}

// bringsBroker reports whether answers bring a credential, or a broker, that no run
// has written before. Then their credentials and redirect URL count together: OpenAlgo
// would take a key beside the redirect URL of another broker for that broker's.
func bringsBroker(file *envfile.File, want []Setting, last instance.State) bool {
	return slices.ContainsFunc(want, func(s Setting) bool {
		if last.Wrote(s.Key, s.Value.Reveal()) {
			return false
		}
		_, credential := credentialKeys[s.Key]
		return credential && !broker.Awaited(s.Value.Reveal()) || !credential && isOfBroker(file, s)
	})
}

// isOfBroker reports whether a setting is a credential, or a redirect URL of another
// broker than the one in .env.
func isOfBroker(file *envfile.File, s Setting) bool {
	_, credential := credentialKeys[s.Key]
	return credential || s.Key == "REDIRECT_URL" && BrokerOf(file) != envfile.RedirectBroker(s.Value.Reveal())
}

// follows are keys of .env that a command of their own changes, with all that
// goes with them.
var follows = map[string]string{
	"HOST_SERVER": "domain", "WEBSOCKET_URL": "domain", "CORS_ALLOWED_ORIGINS": "domain", "TRUST_PROXY_HEADERS": "domain", "MCP_PUBLIC_URL": "domain",
	"REDIRECT_URL": "domain", "SHM_SIZE": "resize", "STRATEGY_MEMORY_LIMIT_MB": "resize",
	"MCP_HTTP_ENABLED": "mcp", "MCP_OAUTH_WRITE_SCOPE_ENABLED": "mcp", "MCP_OAUTH_REQUIRE_APPROVAL": "mcp",
}

// Allowed refuses what no edit may do.
func (e Edit) Allowed() error {
	for _, key := range append([]string{keys.AppKey}, instance.DataKeys...) {
		if e.names(key) {
			return finding.Named(finding.Usage, "setting-fixed", "set never changes %s: API_KEY_PEPPER and FERNET_SALT open the database, and APP_KEY signs every session", key)
		}
	}
	for _, v := range append(e.settings(), Setting{}) {
		if command, ok := follows[v.Key]; ok && e.Whole == nil {
			refused := finding.Named(finding.Usage, "setting-has-command", "another command changes %s, with the settings that depend on it", v.Key)
			if v.Key == "REDIRECT_URL" {
				refused = refused.With(finding.Run("To change the broker", "set", "broker=ID"))
			}
			return refused.With(finding.Run("Use this command", command))
		}
	}
	return nil
}

// Apply makes the edit in the answers: further installs shall say the same.
func (e Edit) Apply(a *answers.Answers) error {
	for _, v := range e.Set {
		if place, ok := credentialKeys[v.Key]; ok {
			*place(&a.Broker) = v.Value
		} else if _, owned := follows[v.Key]; !owned {
			a.Env[v.Key] = v.Value
		}
	}
	for _, key := range e.Unset {
		delete(a.Env, key)
	}
	if e.Broker == "" || e.Broker == a.Broker.Name {
		return nil
	}
	a.Broker.Name = e.Broker
	b, ok := broker.Of(e.Broker)
	if ok && !b.NeedsMarketData() {
		a.Broker.MarketAPIKey, a.Broker.MarketAPISecret = secret.Text{}, secret.Text{}
	}
	return nil
}

// EditOf is the edit that leads from one text of .env to another.
func EditOf(before, after []byte) (Edit, error) {
	e := Edit{Whole: after, WholeOf: Sum(before)}
	old, err := envfile.Parse(before)
	if err != nil {
		return e, finding.Named(finding.HostNotReady, "env-unreadable", "reading .env: %w", err)
	}
	edited, err := envfile.Parse(after)
	if err != nil {
		return e, finding.Named(finding.Usage, "env-invalid", "cannot read the edited .env: %w", err)
	}
	for _, key := range edited.Keys() {
		value, _ := edited.Get(key)
		if was, had := old.Get(key); !had || was != value {
			e.Set = append(e.Set, Var{key, secret.New(value)})
		}
	}
	for _, key := range old.Keys() {
		if _, stays := edited.Get(key); !stays {
			e.Unset = append(e.Unset, key)
		}
	}
	return e, nil
}

// ParseVar reads KEY=VALUE.
func ParseVar(text string) (Var, error) {
	key, value, ok := strings.Cut(text, "=")
	if !ok || strings.TrimSpace(key) == "" {
		return Var{}, fmt.Errorf("%q is not KEY=VALUE", key)
	}
	return Var{strings.TrimSpace(key), secret.New(value)}, nil
}
