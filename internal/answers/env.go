package answers

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

var keyPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// owned are .env keys that another answer sets, and which.
var owned = map[string]string{
	"BROKER_API_KEY": "broker.api_key", "BROKER_API_SECRET": "broker.api_secret",
	"BROKER_API_KEY_MARKET": "broker.market_api_key", "BROKER_API_SECRET_MARKET": "broker.market_api_secret",
	"REDIRECT_URL": "broker.name and domain", "HOST_SERVER": "domain", "MCP_HTTP_ENABLED": "remote_mcp.enabled",
	"MCP_PUBLIC_URL": "domain", "MCP_OAUTH_WRITE_SCOPE_ENABLED": "remote_mcp.write_orders",
	"MCP_OAUTH_REQUIRE_APPROVAL": "remote_mcp.require_approval",
	"STRATEGY_MEMORY_LIMIT_MB":   "sizing.strategy_memory_mb", "SHM_SIZE": "sizing.shm_size",
}

// fixed are .env keys whose value the container's own set-up needs, and why.
var fixed = map[string]string{
	"PORT": portsHint, "FLASK_PORT": portsHint, "FLASK_HOST_IP": portsHint,
	"WEBSOCKET_HOST": portsHint, "WEBSOCKET_PORT": portsHint, "WEBSOCKET_URL": portsHint,
	"COMPOSE_PROJECT_NAME": projectHint, "COMPOSE_FILE": projectHint, "COMPOSE_PROFILES": projectHint,
	"ENV_CONFIG_VERSION": "the image sets this. Remove it here",
}

const (
	portsHint   = "the container needs its own value here. To change this machine's ports, write for example `ports: {web: 5000, websocket: 8765}`"
	projectHint = "this would make docker compose use another project. The directory (--dir) sets the project's name"
)

// environment are further keys of .env.
func (a *Answers) environment() value {
	return value{save: func() any { return some(a.PublicEnv()) }, read: func(r *reader, key string, node *yaml.Node) {
		if node.Kind != yaml.MappingNode {
			r.mistyped(key, node, "this must be a section of settings, for example `env: {LOG_LEVEL: DEBUG}`")
			return
		}
		var fields []field
		for i := 0; i+1 < len(node.Content); i += 2 {
			name := node.Content[i].Value
			if !word.MatchString(name) || named(fields, name) != nil {
				continue // mapping reports it, without its text
			}
			fields = append(fields, field{name: name, value: value{read: func(r *reader, key string, value *yaml.Node) {
				var text secret.Text
				hidden(&text).read(r, key, value)
				a.Env[name] = text
			}}})
			a.Env[name] = secret.New("") // what `NAME:` alone means here
		}
		r.mapping(key+".", node, fields)
	}}
}

func (a *Answers) checkEnv(r *reader) {
	for name, value := range a.Env {
		key := "env." + name
		switch {
		case !keyPattern.MatchString(name):
			r.wrong(key, "this is not a valid name for a setting. Use letters, digits and _, for example LOG_LEVEL")
		case name == "APP_KEY" || name == "API_KEY_PEPPER" || name == "FERNET_SALT":
			r.wrong(key, "the answers file cannot set encryption keys. openalgo-install creates them once, in .env, and only they open the "+
				"database. To keep old keys, put the old .env into the directory first")
		case owned[name] != "":
			r.wrong(key, "write %s instead", owned[name])
		case slices.Contains(sizing.EnvKeys(), name):
			r.wrong(key, "write sizing.threads instead, for example `sizing: {threads: 2}`")
		case fixed[name] != "":
			r.wrong(key, "%s", fixed[name])
		default:
			var fault *envfile.ValueError
			if _, err := envfile.Encode(name, value.Reveal()); errors.As(err, &fault) {
				r.wrong(key, "%s", fault.Reason)
			}
		}
	}
}

// PublicEnv are the settings of Env that are no secret.
func (a Answers) PublicEnv() map[string]string {
	out := map[string]string{}
	for key, value := range a.Env {
		if !a.hidden[key] && !isSecret(key, value.Reveal()) {
			out[key] = value.Reveal()
		}
	}
	return out
}

// isSecret is generous: a setting that is left out stays in .env.
func isSecret(key, value string) bool {
	upper := strings.ToUpper(key)
	for _, part := range []string{"KEY", "SECRET", "TOKEN", "PASSWORD", "SALT", "PEPPER", "DATABASE_URL"} {
		if strings.Contains(upper, part) {
			return true
		}
	}
	return envfile.IsSecret(key, value)
}
