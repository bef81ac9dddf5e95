package envfile

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/marketcalls/openalgo-install/internal/loopback"
)

// rule is what a value must look like for the app to start
// (docs/openalgo-facts.md 1.3).
type rule struct {
	key, want, example string
	ok                 func(string) bool
}

var (
	rateLimit = regexp.MustCompile(`^\d+\s+per\s+(second|minute|hour|day)(;\d+\s+per\s+(second|minute|hour|day))*$`)
	clock     = regexp.MustCompile(`^([01]?[0-9]|2[0-3]):[0-5][0-9]$`)
)

const rateWant = "must be a number per second, minute, hour or day, joined with ; when there are several"

var valueRules = []rule{
	{"FLASK_DEBUG", "must be True or False", "'False'", oneOf("true", "false", "1", "0", "t", "f")},
	{"FLASK_ENV", "must be production or development", "'production'", oneOf("production", "development")},
	{"FLASK_PORT", "must be a port from 0 to 65535", "'5000'", isPort},
	{"WEBSOCKET_PORT", "must be a port from 0 to 65535", "'8765'", isPort},
	{"LOGIN_RATE_LIMIT_MIN", rateWant, "'5 per minute'", rateLimit.MatchString},
	{"LOGIN_RATE_LIMIT_HOUR", rateWant, "'25 per hour'", rateLimit.MatchString},
	{"API_RATE_LIMIT", rateWant, "'50 per second'", rateLimit.MatchString},
	{"ORDER_RATE_LIMIT", rateWant, "'10 per second'", rateLimit.MatchString},
	{"SMART_ORDER_RATE_LIMIT", rateWant, "'10 per second;40 per minute'", rateLimit.MatchString},
	{"WEBHOOK_RATE_LIMIT", rateWant, "'100 per minute'", rateLimit.MatchString},
	{"STRATEGY_RATE_LIMIT", rateWant, "'200 per minute'", rateLimit.MatchString},
	{"SESSION_EXPIRY_TIME", "must be a 24-hour time, HH:MM", "'03:00'", clock.MatchString},
	{"WEBSOCKET_URL", "must start with ws:// or wss://", "'wss://algo.example.com/ws'", func(s string) bool {
		return strings.HasPrefix(s, "ws://") || strings.HasPrefix(s, "wss://")
	}},
	{"LOG_TO_FILE", "must be True or False", "'False'", oneOf("true", "false")},
	{"LOG_LEVEL", "must be DEBUG, INFO, WARNING, ERROR or CRITICAL", "'INFO'", oneOf("debug", "info", "warning", "error", "critical")},
	{"LOG_RETENTION", "must be a number of days, 1 or more", "'14'", func(s string) bool {
		days, err := strconv.Atoi(strings.TrimSpace(s))
		return err == nil && days >= 1
	}},
	{"LOG_DIR", "must not be empty", "'log'", notBlank},
	{"LOG_FORMAT", "must not be empty", "'[%(asctime)s] %(levelname)s in %(module)s: %(message)s'", notBlank},
}

// examples are right values of the keys that have no rule of their own.
var examples = map[string]string{
	"ENV_CONFIG_VERSION": "'1.0.7'",
	"BROKER_API_KEY":     "'the key from your broker'",
	"BROKER_API_SECRET":  "'the secret from your broker'",
	"REDIRECT_URL":       "'https://algo.example.com/zerodha/callback'",
	"VALID_BROKERS":      "'zerodha,dhan,fyers'",
	"APP_KEY":            "'64 random hex digits'",
	"API_KEY_PEPPER":     "'64 random hex digits'",
	"DATABASE_URL":       "'sqlite:///db/openalgo.db'",
	"NGROK_ALLOW":        "'FALSE'",
	"HOST_SERVER":        "'https://algo.example.com'",
	"FLASK_HOST_IP":      "'0.0.0.0'",
	"WEBSOCKET_HOST":     "'0.0.0.0'",
}

func example(key string) string {
	for _, r := range valueRules {
		if r.key == key {
			return r.example
		}
	}
	return examples[key]
}

func checkValues(c *checker) {
	for _, r := range valueRules {
		if value, ok := c.Get(r.key); ok && !r.ok(value) {
			c.fatal(r.key, "%s, for example %s; it is %q", r.want, r.example, value)
		}
	}
}

const placeholderPrefix = "OPENALGO_PLACEHOLDER_"

// checkKeys checks APP_KEY and API_KEY_PEPPER as app.py and auth_db.py do when
// they load, and FERNET_SALT as env_check.py does (docs/openalgo-facts.md 1.6).
func checkKeys(c *checker) {
	for _, key := range []string{"APP_KEY", "API_KEY_PEPPER"} {
		value, ok := c.Get(key)
		switch {
		case !ok:
		case utf8.RuneCountInString(value) < 32:
			c.fatal(key, "has %d characters and needs 32 or more, as 64 random hex digits have", utf8.RuneCountInString(value))
		case strings.HasPrefix(value, placeholderPrefix):
			c.warn(key, "is still the public placeholder; it should be 64 random hex digits")
		}
	}
	checkSalt(c)
}

var (
	hexSalt    = regexp.MustCompile(`^[0-9a-fA-F]{32,}$`)
	pepperLine = regexp.MustCompile(`(?m)^[ \t]*API_KEY_PEPPER[ \t]*=.*?(\r?\n|\z)`)
	saltLine   = regexp.MustCompile(`(?m)^[ \t]*FERNET_SALT[ \t]*=[ \t]*'?([^'\r\n]*)'?[ \t]*\r?$`)
)

func checkSalt(c *checker) {
	const key = "FERNET_SALT"
	const want = "it should be 32 hex digits in single quotes, without a comment, on the line after API_KEY_PEPPER"
	value, _ := c.Get(key)
	at := saltLine.FindStringSubmatchIndex(c.data)
	pepper := pepperLine.FindStringIndex(c.data)
	switch {
	case value == "":
		c.warn(key, "is not set. OpenAlgo makes one when it starts, and stops if its database was encrypted with another: %s", want)
	case strings.HasPrefix(value, placeholderPrefix):
		c.warn(key, "is still the public placeholder; %s", want)
	case !hexSalt.MatchString(value):
		c.fatal(key, "is not 32 or more hex digits, so OpenAlgo would replace it, and what it encrypted would be lost; %s", want)
	case at == nil || strings.TrimSpace(c.data[at[2]:at[3]]) != value:
		c.fatal(key, "is written in a way that OpenAlgo's own check cannot read, so OpenAlgo would replace it, and what it encrypted would be lost; %s", want)
	case len(value)%2 != 0:
		c.warn(key, "has an odd number of hex digits, so OpenAlgo uses a salt that everyone knows; %s", want)
	case pepper != nil && pepper[1] != at[0]:
		c.warn(key, "does not follow API_KEY_PEPPER, so OpenAlgo rewrites the file to move it; %s", want)
	}
}

// keyForms are the brokers whose key the app takes apart at start
// (docs/openalgo-facts.md 2.3; the other brokers' formats matter at login only).
var keyForms = map[string]struct {
	separators int
	form       string
}{
	"fivepaisa": {2, "user_key:::user_id:::client_id"},
	"flattrade": {1, "client_id:::api_key"},
	"dhan":      {1, "client_id:::api_key"},
}

func checkBroker(c *checker) {
	brokers, haveBrokers := c.Get("VALID_BROKERS")
	if haveBrokers && brokers == "" {
		c.fatal("VALID_BROKERS", "is empty; it should name the brokers, for example %s", example("VALID_BROKERS"))
	}
	redirect, ok := c.Get("REDIRECT_URL")
	if !ok {
		return
	}
	id := RedirectBroker(redirect)
	valid := strings.Split(strings.ToLower(strings.Join(strings.Fields(brokers), "")), ",")
	switch {
	case strings.Contains(redirect, "<broker>"):
		c.fatal("REDIRECT_URL", "still says <broker>; put your broker's id there, for example %s", example("REDIRECT_URL"))
	case id == "" && withBroker(redirect, valid) != "":
		c.fatal("REDIRECT_URL", "has no broker before /callback, so OpenAlgo does not know yours; it must be %s, with your broker's id", withBroker(redirect, valid))
	case id == "":
		c.fatal("REDIRECT_URL", "must end in /<broker>/callback with nothing after it, for example %s; it is %q", example("REDIRECT_URL"), redirect)
	case brokers != "" && !slices.Contains(valid, id):
		c.fatal("REDIRECT_URL", "names the broker %q, which this release of OpenAlgo does not know. VALID_BROKERS has %s", id, strings.Join(valid, ", "))
	}
	if form, strict := keyForms[id]; strict && strings.Count(c.value("BROKER_API_KEY"), ":::") != form.separators {
		c.fatal("BROKER_API_KEY", "must be of the form %s for %s", form.form, id)
	}
	for _, key := range []string{"BROKER_API_KEY", "BROKER_API_SECRET"} {
		if strings.HasPrefix(c.value(key), "YOUR_") {
			c.warn(key, "is still the placeholder, so you cannot log in to your broker; it should be %s", strings.Trim(example(key), "'"))
		}
	}
	if value, ok := c.Get("BROKER_API_KEY"); ok && value == "" {
		c.warn("BROKER_API_KEY", "is empty, so you cannot log in to your broker; it should be %s", strings.Trim(example("BROKER_API_KEY"), "'"))
	}
}

// checkNetwork checks what the published ports and the browser need. In the
// container the file beats the environment (docs/openalgo-facts.md 1.7).
func checkNetwork(c *checker) {
	if host, ok := c.Get("WEBSOCKET_HOST"); ok && loopback.Is(host) {
		c.fatal("WEBSOCKET_HOST", "is %q, which inside the container means only the container, so nothing reaches the published port; it must be '0.0.0.0'", host)
	}
	if port, ok := c.Get("WEBSOCKET_PORT"); ok && isPort(port) && strings.TrimSpace(port) != "8765" {
		c.fatal("WEBSOCKET_PORT", "is %q, and the container's published port is 8765; set it to '8765' and choose this machine's port in the answers file (ports.websocket)", port)
	}
	if _, ok := c.Get("PORT"); ok {
		c.warn("PORT", "moves the web server inside the container away from the published port 5000 when it reaches the container's environment; remove it and choose this machine's port in the answers file (ports.web)")
	}
	checkOrigin(c)
}

func checkOrigin(c *checker) {
	host, ok := c.Get("HOST_SERVER")
	if !ok {
		return
	}
	origin, err := url.Parse(host)
	switch {
	case err != nil || origin.Host == "" || origin.Scheme != "http" && origin.Scheme != "https":
		c.warn("HOST_SERVER", "should be the address in the browser, with http:// or https:// and no path, for example %s", example("HOST_SERVER"))
		return
	case origin.Scheme == "https" && loopback.Is(origin.Hostname()):
		c.warn("HOST_SERVER", "says https on this machine, where nothing serves it: the login cookie would never come back; use 'http://127.0.0.1:5000' or your domain")
	case origin.Scheme == "http" && !loopback.Is(origin.Hostname()):
		c.warn("HOST_SERVER", "says http, so passwords and API keys cross the network in the clear; use https, for example %s", example("HOST_SERVER"))
	}
	if origin.Scheme == "https" && strings.HasPrefix(c.value("WEBSOCKET_URL"), "ws://") {
		c.warn("WEBSOCKET_URL", "starts with ws://, which a browser refuses on an https page; use wss://, for example %s", example("WEBSOCKET_URL"))
	}
	if redirect, err := url.Parse(c.value("REDIRECT_URL")); err == nil && redirect.Host != "" && (redirect.Host != origin.Host || redirect.Scheme != origin.Scheme) {
		c.warn("REDIRECT_URL", "starts differently from HOST_SERVER, so the broker would send you elsewhere after the login; it should be HOST_SERVER followed by /<broker>/callback")
	}
}

func checkExposure(c *checker) {
	debug := oneOf("true", "1", "t")(c.value("FLASK_DEBUG"))
	if debug {
		c.warn("FLASK_DEBUG", "is on, which lets whoever reaches the debugger run code on this machine; it should be 'False'")
	}
	if !oneOf("true")(c.value("MCP_HTTP_ENABLED")) {
		return
	}
	if debug {
		c.fatal("MCP_HTTP_ENABLED", "cannot be True while FLASK_DEBUG is on; set FLASK_DEBUG to 'False'")
	}
	switch public := c.value("MCP_PUBLIC_URL"); {
	case public == "":
		c.fatal("MCP_PUBLIC_URL", "is needed when MCP_HTTP_ENABLED is True; it is the https address of the dashboard, for example %s", example("HOST_SERVER"))
	case !strings.HasPrefix(public, "https://"):
		c.warn("MCP_PUBLIC_URL", "should be the https address of the dashboard, for example %s", example("HOST_SERVER"))
	}
}

func oneOf(words ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(words, strings.ToLower(s)) }
}

func isPort(s string) bool {
	port, err := strconv.Atoi(strings.TrimSpace(s))
	return err == nil && port >= 0 && port <= 65535
}

func notBlank(s string) bool { return strings.TrimSpace(s) != "" }
