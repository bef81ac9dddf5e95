package answers

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// where is the place of a key, or of the nearest key above it.
func (r *reader) where(key string) position {
	for {
		if p, ok := r.at[key]; ok {
			return p
		}
		cut := strings.LastIndexByte(key, '.')
		if cut < 0 {
			return position{1, 1}
		}
		key = key[:cut]
	}
}

// wrong is a value that breaks a rule, unless the key has a problem already.
func (r *reader) wrong(key, format string, args ...any) {
	if slices.ContainsFunc(r.problems, func(p Problem) bool { return p.Key == key }) {
		return
	}
	for part := key; ; {
		if r.unread[part] {
			return
		}
		cut := strings.LastIndexByte(part, '.')
		if cut < 0 {
			break
		}
		part = part[:cut]
	}
	r.problem(key, r.where(key), format, args...)
}

// Check holds answers that were changed in a program against the rules of a file.
func (a *Answers) Check() []Problem {
	r := &reader{at: map[string]position{"version": {}}, unread: map[string]bool{}, source: map[string]string{}}
	r.validate(a)
	for i := range r.problems {
		r.problems[i].Line, r.problems[i].Column = 0, 0
	}
	return r.problems
}

func (r *reader) validate(a *Answers) {
	if _, ok := r.at["version"]; !ok || a.Version != 1 {
		r.wrong("version", "write `version: 1`: it says which form of answers this is")
	}
	r.domain(a)
	r.broker(a)
	r.image(a)
	if a.Volumes != "named" && a.Volumes != "bind" {
		r.wrong("volumes", "%s is neither named (Docker's volumes) nor bind (directories beside .env)", quote(a.Volumes))
	}
	r.data(a)
	r.tls(a)
	r.ports(a)
	r.sizing(a)
	if a.RemoteMCP.Enabled && a.Domain == "" {
		r.wrong("remote_mcp.enabled", "AI clients reach OpenAlgo over https alone: set `domain` too, or `enabled: false`")
	}
	r.env(a)
}

var (
	domainPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	keyPattern    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

func (r *reader) domain(a *Answers) {
	a.Domain = strings.ToLower(strings.TrimSuffix(a.Domain, "."))
	d := a.Domain
	if d == "" {
		return
	}
	const example = "; write the name alone, e.g. algo.example.com"
	switch {
	case strings.Contains(d, "://"):
		r.wrong("domain", "this is an address with a scheme%s", example)
	case isIP(d):
		r.wrong("domain", "an IP address gets no certificate; leave `domain` out to use OpenAlgo on this machine only, or name a domain, e.g. algo.example.com")
	case strings.ContainsAny(d, "/:"):
		r.wrong("domain", "this has a port or a path%s", example)
	case d == "localhost":
		r.wrong("domain", "leave `domain` out to use OpenAlgo on this machine only")
	case !isASCII(d):
		r.wrong("domain", "write the name in its ASCII form (punycode), e.g. xn--bcher-kva.example")
	case len(d) > 253 || !domainPattern.MatchString(d):
		r.wrong("domain", "%s is not a domain name%s", quote(d), example)
	}
}

func isIP(s string) bool {
	_, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return err == nil
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c > 127 })
}

func (r *reader) broker(a *Answers) {
	name := a.Broker.Name
	if name == "" {
		r.wrong("broker.name", "name your broker, e.g. `broker: {name: zerodha}`; one of: %s", strings.Join(broker.IDs(), ", "))
		return
	}
	b, ok := broker.Find(name)
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
	for _, p := range b.Check(broker.Credentials{
		APIKey: a.Broker.APIKey, APISecret: a.Broker.APISecret,
		MarketAPIKey: a.Broker.MarketAPIKey, MarketAPISecret: a.Broker.MarketAPISecret,
	}) {
		key, message := "broker."+p.Field, p.Message
		if source := r.source[key]; source != "" {
			message += " (it was read from " + source + ")"
		}
		r.wrong(key, "%s", message)
	}
}

const (
	gitExample  = "https://github.com/marketcalls/openalgo"
	certExample = "/etc/ssl/algo.pem"
	keyExample  = "/etc/ssl/algo.key"
	caExample   = "https://acme-staging-v02.api.letsencrypt.org/directory"
)

func (r *reader) image(a *Answers) {
	i := &a.Image
	switch i.Source {
	case "registry":
		if i.Ref == "" {
			i.Ref = DefaultImage
		}
		if _, err := reference.ParseNormalizedNamed(i.Ref); err != nil {
			r.wrong("image.ref", "%s is not an image reference; write it like %s", quote(i.Ref), DefaultImage)
		}
	case "git":
		r.git(i)
	case "path":
		if i.Path == "" {
			r.wrong("image.path", "a path source needs the path of a checkout, e.g. /src/openalgo")
		}
	case "rehearsal":
	default:
		r.wrong("image.source", "%s is not a source; one of registry, git, path, rehearsal", quote(i.Source))
		return
	}
	r.onlyFor("image.url", i.URL, i.Source == "git", "a git source")
	r.onlyFor("image.path", i.Path, i.Source == "path", "a path source")
	r.onlyFor("image.ref", i.Ref, i.Source == "registry" || i.Source == "git", "a registry or git source")
	r.onlyFor("image.dockerfile", i.Dockerfile, i.Source == "git" || i.Source == "path", "a git or path source")
	if len(i.BuildArgs) > 0 && i.Source != "git" && i.Source != "path" {
		r.wrong("image.build_args", "this counts for a git or path source only; take it out, or change the other")
	}
	for name, value := range i.BuildArgs {
		if strings.ContainsAny(value, "\r\n\x00") {
			r.wrong("image.build_args."+name, "the value has a line break in it; give it on one line")
		}
		if envfile.IsSecret(name, value) || hasLogin(value) {
			r.wrong("image.build_args."+name, "this looks like a secret, and whoever has the image can read its build arguments; take it out")
		}
	}
	if i.Dockerfile != "" && i.Dockerfile != "ours" && i.Dockerfile != "theirs" {
		r.wrong("image.dockerfile", "%s is neither ours nor theirs", quote(i.Dockerfile))
	}
}

func (r *reader) git(i *Image) {
	switch {
	case i.URL == "":
		r.wrong("image.url", "a git source needs its url, e.g. %s", gitExample)
	case strings.HasPrefix(i.URL, "-"):
		r.wrong("image.url", "an address can't begin with a dash; write it like %s", gitExample)
	case hasLogin(i.URL):
		// It would stand in the saved answers and in every plan.
		r.wrong("image.url", "the address has a password or token in it, and addresses are saved and shown; "+
			"let git's credential helper give it, or use ssh, e.g. git@github.com:marketcalls/openalgo.git")
	}
	if strings.HasPrefix(i.Ref, "-") {
		r.wrong("image.ref", "a branch, tag or commit can't begin with a dash; write it like main")
	}
}

// hasLogin reports a password in an address, or a token in its user's place:
// over ssh a user alone is none. An address that can't be read may have one.
func hasLogin(address string) bool {
	if !strings.Contains(address, "://") {
		return false
	}
	u, err := url.Parse(address)
	if err != nil {
		return strings.Contains(address, "@")
	}
	_, password := u.User.Password()
	return password || u.User != nil && u.Scheme != "ssh"
}

// onlyFor refuses an answer that would be passed over.
func (r *reader) onlyFor(key, value string, fits bool, what string) {
	if value != "" && !fits {
		r.wrong(key, "this counts for %s only; take it out, or change the other", what)
	}
}

func (r *reader) tls(a *Answers) {
	t := &a.TLS
	if t.Mode == "" {
		t.Mode = "off"
		if a.Domain != "" {
			t.Mode = "auto"
		}
	}
	switch t.Mode {
	case "off":
	case "auto", "files", "nginx":
		if a.Domain == "" {
			r.wrong("tls.mode", "%s needs a domain: set `domain`, or `tls: {mode: off}`", t.Mode)
		}
	default:
		r.wrong("tls.mode", "%s is not a mode; one of auto, files, nginx, off", quote(t.Mode))
		return
	}
	own := t.Mode == "files" || t.Mode == "nginx" && (t.Cert != "" || t.Key != "")
	if own && t.Cert == "" {
		r.wrong("tls.cert", "a key needs its certificate, as the path of a PEM file, e.g. %s", certExample)
	}
	if own && t.Key == "" {
		r.wrong("tls.key", "a certificate needs its key, as the path of a PEM file, e.g. %s", keyExample)
	}
	r.onlyFor("tls.cert", t.Cert, own, "tls.mode files or nginx")
	r.onlyFor("tls.key", t.Key, own, "tls.mode files or nginx")
	asked := t.Mode == "auto" || t.Mode == "nginx" && !own
	r.onlyFor("tls.ca", t.CA, asked, "tls.mode auto, or nginx with certbot")
	r.onlyFor("tls.ca_root", t.CARoot, asked, "tls.mode auto, or nginx with certbot")
	if t.Certbot && (t.Mode != "nginx" || own) {
		r.wrong("tls.certbot", "this counts for tls.mode nginx without a certificate of your own; take it out, or change the other")
	}
	r.onlyFor("tls.ca_trial", t.CATrial, t.Mode == "auto", "tls.mode auto")
	for key, address := range map[string]string{"tls.ca": t.CA, "tls.ca_trial": t.CATrial} {
		u, err := url.Parse(address)
		if address != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(address, "`{} \t")) {
			r.wrong(key, "%s is not the address of an ACME directory, e.g. %s", quote(address), caExample)
		}
	}
	if t.Email != "" {
		if address, err := mail.ParseAddress(t.Email); err != nil || address.Address != t.Email || strings.ContainsAny(t.Email, "\"{}` ") {
			r.wrong("tls.email", "%s is not an e-mail address, e.g. me@example.com", quote(t.Email))
		}
	}
	r.edge(t)
}

func (r *reader) edge(t *TLS) {
	e := t.Edge
	for key, port := range map[string]int{"tls.edge.http": e.HTTP, "tls.edge.https": e.HTTPS} {
		if port < 0 || port > 65535 {
			r.wrong(key, "%d is not a port; ports are 1 to 65535, e.g. 443", port)
		}
	}
	if e.HTTP != 0 && e.HTTP == e.HTTPS {
		r.wrong("tls.edge.https", "both ports are %d; they must differ, e.g. {http: 80, https: 443}", e.HTTP)
	}
	if e.Dir != "" && !strings.HasPrefix(e.Dir, "/") {
		r.wrong("tls.edge.dir", "%s must begin with a slash, e.g. /opt/openalgo-edge", quote(e.Dir))
	}
	if e.Image != "" {
		if _, err := reference.ParseNormalizedNamed(e.Image); err != nil {
			r.wrong("tls.edge.image", "%s is not an image reference; write it like caddy:2", quote(e.Image))
		}
	}
	if t.Mode != "auto" && t.Mode != "files" {
		r.onlyFor("tls.edge.dir", e.Dir, false, "tls.mode auto or files")
		r.onlyFor("tls.edge.image", e.Image, false, "tls.mode auto or files")
	}
}

func (r *reader) ports(a *Answers) {
	for key, port := range map[string]int{"ports.web": a.Ports.Web, "ports.websocket": a.Ports.WebSocket} {
		if port < 1 || port > 65535 {
			r.wrong(key, "%d is not a port; ports are 1 to 65535, e.g. 5000", port)
		}
	}
	if a.Ports.Web == a.Ports.WebSocket {
		r.wrong("ports.websocket", "both ports are %d; they must differ, e.g. {web: 5000, websocket: 8765}", a.Ports.Web)
	}
	if _, err := netip.ParseAddr(a.Ports.Bind); err != nil {
		r.wrong("ports.bind", "%s is not an IP address of this host, e.g. 127.0.0.1", quote(a.Ports.Bind))
	}
}

func (r *reader) sizing(a *Answers) {
	s := a.Sizing
	if s.RAMMiB != 0 && s.RAMMiB < 256 {
		r.wrong("sizing.ram", "%d MiB is too little for OpenAlgo; a number alone is MiB, so write e.g. 4GB, or auto", s.RAMMiB)
	}
	if s.Threads > 64 {
		r.wrong("sizing.threads", "%d threads are more than any library here can use; 1 to 64, or auto", s.Threads)
	}
	if s.StrategyMemoryMiB != 0 && s.StrategyMemoryMiB < 64 {
		r.wrong("sizing.strategy_memory_mb", "%d MB is too little to start Python; 64 at least, 512 for pandas, or auto", s.StrategyMemoryMiB)
	}
	if s.ShmMiB != 0 && s.ShmMiB < 64 {
		r.wrong("sizing.shm_size", "%d MiB is less than Docker's own default; 64m at least, or auto", s.ShmMiB)
	}
}

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
