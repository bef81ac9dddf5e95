package answers

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/envfile"
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
	"ENV_CONFIG_VERSION": "this is the image's own; it follows the image that is installed",
}

const (
	portsHint   = "this must stay as the container needs it; the host's ports are the answer `ports`, e.g. `ports: {web: 5000, websocket: 8765}`"
	projectHint = "this would turn `docker compose` to another stack; the directory (--dir) gives the stack its name"
)

func (r *reader) env(a *Answers) {
	for name, value := range a.Env {
		key := "env." + name
		switch {
		case !keyPattern.MatchString(name):
			r.wrong(key, "this is no name for a setting: letters, digits and _ only, e.g. LOG_LEVEL")
		case name == "APP_KEY" || name == "API_KEY_PEPPER" || name == "FERNET_SALT":
			r.wrong(key, "keys are never taken from answers: they are made here once and kept in .env, and with another one the database can't be opened. "+
				"To keep old keys, put the old .env into the directory first")
		case owned[name] != "":
			r.wrong(key, "write this as the answer %s", owned[name])
		case slices.Contains(sizing.EnvKeys(), name):
			r.wrong(key, "write this as the answer sizing.threads, e.g. `sizing: {threads: 2}`")
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

// volumeName is what Docker takes as the name of a volume.
var volumeName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`)

// dataNames are the app's data directories (docs/openalgo-facts.md 3).
var dataNames = []string{"db", "log", "strategies", "keys", "tmp"}

// dataFields reads where those are that have a place of their own.
func (r *reader) dataFields(to map[string]string) map[string]field {
	fields := map[string]field{}
	for _, name := range dataNames {
		fields[name] = func(key string, node *yaml.Node) {
			if r.scalar(key, node, "the name of a volume or an absolute path", "!!str") {
				to[name] = node.Value
			}
		}
	}
	return fields
}

// data wants volumes or absolute paths.
func (r *reader) data(a *Answers) {
	for name, source := range a.Data {
		if !volumeName.MatchString(source) && (!strings.HasPrefix(source, "/") || strings.ContainsAny(source, "\n\"$")) {
			r.wrong("data."+name, "%s is neither the name of a volume nor an absolute path", quote(source))
		}
	}
}
