package install

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/spelling"
	"github.com/marketcalls/openalgo-install/templates"
)

// EnvVar is one key of .env with the value that it shall have.
type EnvVar struct {
	Key   string
	Value secret.Text
}

// EnvEdit is what a user asks of .env, key by key.
type EnvEdit struct {
	Set   []EnvVar
	Unset []string
	// Whole is the file as the user made it in an editor, and WholeOf the
	// SHA-256 of the file that was edited; nil without an editor.
	Whole   []byte
	WholeOf string
	// Broker is the id of another broker; "" keeps the one that is.
	Broker string
}

func (e EnvEdit) names(key string) bool {
	return slices.Contains(e.Unset, key) || slices.ContainsFunc(e.Set, func(v EnvVar) bool { return v.Key == key })
}

func (e EnvEdit) settings() []setting {
	var out []setting
	for _, v := range e.Set {
		out = append(out, setting{Key: v.Key, Value: v.Value})
	}
	for _, key := range e.Unset {
		out = append(out, setting{Key: key, Unset: true})
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

// follows are keys of .env that a command of their own changes, with all that
// goes with them.
var follows = map[string]string{
	"HOST_SERVER": "domain", "WEBSOCKET_URL": "domain", "CORS_ALLOWED_ORIGINS": "domain", "TRUST_PROXY_HEADERS": "domain", "MCP_PUBLIC_URL": "domain",
	"REDIRECT_URL": "set broker=ID, or domain", "SHM_SIZE": "resize", "STRATEGY_MEMORY_LIMIT_MB": "resize",
	"MCP_HTTP_ENABLED": "mcp", "MCP_OAUTH_WRITE_SCOPE_ENABLED": "mcp", "MCP_OAUTH_REQUIRE_APPROVAL": "mcp",
}

// Set makes the edit the user's: .env is checked by the app's own rules, the
// container swapped, verified, and put back when that fails.
func (in *Installer) Set(ctx context.Context, e EnvEdit) (event.Result, error) {
	if err := e.allowed(); err != nil {
		return event.Result{}, err
	}
	return in.carryOut(ctx, "set", in.edited(e))
}

// PlanSet works out what Set would do, and changes nothing.
func (in *Installer) PlanSet(ctx context.Context, e EnvEdit) (*Plan, error) {
	if err := e.allowed(); err != nil {
		return nil, err
	}
	return in.dryRun(ctx, "set", in.edited(e))
}

// edited is the wish for an edit.
func (in *Installer) edited(e EnvEdit) wish {
	answered := in.changed("set", e.apply)
	return func(ctx context.Context) (Intent, error) {
		i, err := answered(ctx)
		i.Env = e
		return i, err
	}
}

// allowed refuses what no edit may do.
func (e EnvEdit) allowed() error {
	for _, key := range append([]string{keys.AppKey}, instance.DataKeys...) {
		if e.names(key) {
			return finding.Errorf(finding.Usage, "%s is never changed here: API_KEY_PEPPER and FERNET_SALT open the database, and APP_KEY every session", key)
		}
	}
	for _, v := range append(e.settings(), setting{}) {
		if command, ok := follows[v.Key]; ok && e.Whole == nil {
			return finding.Errorf(finding.Usage, "%s is changed with all that goes with it by: openalgo-install %s", v.Key, command)
		}
	}
	return nil
}

// warnUnknown tells of keys that are most likely misspelt.
func warnUnknown(e EnvEdit, o *observed, p *Plan) {
	if o.Env == nil || e.Whole != nil {
		return
	}
	known := o.Env.Keys()
	for _, text := range [][]byte{o.Sample, templates.Env} {
		if base, err := envfile.Parse(text); err == nil {
			known = append(known, base.Keys()...)
		}
	}
	for _, key := range e.Unset {
		if _, have := o.Env.Get(key); !have {
			p.warn("%s is not in .env%s", key, meant(key, known))
		}
	}
	for _, v := range e.Set {
		if !slices.Contains(known, v.Key) {
			p.warn("OpenAlgo has no setting %s of its own%s", v.Key, meant(v.Key, known))
		}
	}
}

func meant(key string, known []string) string {
	near, ok := spelling.Nearest(strings.ToUpper(key), known, func(string) int { return 2 })
	if !ok || near == key {
		return ""
	}
	return "; " + near + " was meant?"
}

// guardDatabases refuses a database file where nothing is mounted: it would go
// with the container (docs/openalgo-facts.md 3.4).
func guardDatabases(e EnvEdit, p *Plan) error {
	for _, v := range e.Set {
		value := v.Value.Reveal()
		path, sqlite := strings.CutPrefix(value, "sqlite:///")
		if !strings.HasSuffix(v.Key, "DATABASE_URL") || !sqlite && strings.Contains(value, "://") || value == "" {
			continue
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(openalgo.Dir, path)
		}
		under := func(target string) bool { return strings.HasPrefix(filepath.Clean(path), target+"/") }
		mounted := slices.ContainsFunc(p.stack.Spec("").Mounts, func(m engine.Mount) bool { return under(m.Target) })
		switch {
		case !mounted:
			return finding.Errorf(finding.Usage, "%s: only what is under db/ is kept and backed up; a file where nothing is mounted is gone when the container is made anew", v.Key)
		case !under(openalgo.DB):
			p.warn("%s: the file is in no backup, since it is not under db/", v.Key)
		}
	}
	return nil
}

// apply makes the edit in the answers: further installs shall say the same.
func (e EnvEdit) apply(a *answers.Answers) error {
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
	b, ok := broker.Find(e.Broker)
	if ok && !b.NeedsMarketData() {
		a.Broker.MarketAPIKey, a.Broker.MarketAPISecret = secret.Text{}, secret.Text{}
	}
	return nil
}

// EnvText is .env as it stands, for an editor.
func (in *Installer) EnvText(ctx context.Context) ([]byte, error) {
	text, err := in.readEnv(ctx)
	if err == nil && text == nil {
		err = finding.Errorf(finding.HostNotReady, "there is no %s: --dir names another directory", in.dir.Env())
	}
	return text, err
}

// EditOf is the edit that leads from one text of .env to another.
func EditOf(before, after []byte) (EnvEdit, error) {
	e := EnvEdit{Whole: after, WholeOf: sha256Hex(before)}
	old, err := envfile.Parse(before)
	if err != nil {
		return e, finding.Errorf(finding.HostNotReady, "reading .env: %w", err)
	}
	edited, err := envfile.Parse(after)
	if err != nil {
		return e, finding.Errorf(finding.Usage, "the edited .env can't be read: %w", err)
	}
	for _, key := range edited.Keys() {
		value, _ := edited.Get(key)
		if was, had := old.Get(key); !had || was != value {
			e.Set = append(e.Set, EnvVar{key, secret.New(value)})
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
func ParseVar(text string) (EnvVar, error) {
	key, value, ok := strings.Cut(text, "=")
	if !ok || strings.TrimSpace(key) == "" {
		return EnvVar{}, fmt.Errorf("%q is not KEY=VALUE", key)
	}
	return EnvVar{strings.TrimSpace(key), secret.New(value)}, nil
}
