package answers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Lookup is how `{env: X}` and `{file: path}` are resolved. A function that is
// nil has nothing.
type Lookup struct {
	Env      func(string) (string, bool)
	ReadFile func(string) ([]byte, error)
}

// position is a place in the file, from 1.
type position struct{ line, column int }

// reader walks the YAML tree and collects every mistake.
type reader struct {
	lookup   Lookup
	saved    bool // a saved file: it may lack the credentials
	problems []Problem
	at       map[string]position // where each value stands; of a section, its key
	unread   map[string]bool     // keys whose value has the wrong type
	source   map[string]string   // secrets by reference: "the file x"
}

// field reads the value of one key.
type field func(key string, node *yaml.Node)

// Parse reads answers. The problems are all that there are, by line; the
// answers count only when there are none.
func Parse(data []byte, l Lookup) (Answers, []Problem) {
	return parse(data, &reader{lookup: l})
}

// ParseSaved reads what Public wrote: no credentials are in it, and none are
// looked up.
func ParseSaved(data []byte) (Answers, []Problem) {
	return parse(data, &reader{saved: true})
}

func parse(data []byte, r *reader) (Answers, []Problem) {
	root, problem := document(data)
	if problem != nil {
		return defaults(), []Problem{*problem}
	}
	return parseRoot(root, r)
}

func parseRoot(root *yaml.Node, r *reader) (Answers, []Problem) {
	r.at, r.unread, r.source = map[string]position{}, map[string]bool{}, map[string]string{}
	a := defaults()
	r.mapping("", root, r.fields(&a))
	_, web := r.at["ports.web"]
	_, socket := r.at["ports.websocket"]
	a.Ports.AutoWeb, a.Ports.AutoWebSocket = !web, !socket
	r.validate(&a)
	for key := range r.source {
		if name, ok := strings.CutPrefix(key, "env."); ok {
			a.hidden[name] = true
		}
	}
	slices.SortStableFunc(r.problems, func(x, y Problem) int {
		return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column), cmp.Compare(x.Key, y.Key))
	})
	return a, r.problems
}

func defaults() Answers {
	return Answers{
		Image: Image{Source: "registry", BuildArgs: map[string]string{}}, Volumes: "named", Data: map[string]string{}, Ports: Ports{Web: 5000, WebSocket: 8765, Bind: "127.0.0.1"},
		TLS:       TLS{CheckDNS: true},
		RemoteMCP: RemoteMCP{RequireApproval: true}, Env: map[string]secret.Text{}, hidden: map[string]bool{},
	}
}

// fields is every key that a file may have.
func (r *reader) fields(a *Answers) map[string]field {
	return map[string]field{
		"version": r.integer(&a.Version, 1),
		"domain":  r.text(&a.Domain, "algo.example.com"),
		"instances": func(key string, node *yaml.Node) { // ParseAll reads them
			r.problem(key, place(node), "a list of instances does not belong here; this takes the answers of one")
		},
		"broker": r.section("{name: zerodha, ...}", map[string]field{
			"name": r.text(&a.Broker.Name, "zerodha"), "api_key": r.secret(&a.Broker.APIKey), "api_secret": r.secret(&a.Broker.APISecret),
			"market_api_key": r.secret(&a.Broker.MarketAPIKey), "market_api_secret": r.secret(&a.Broker.MarketAPISecret),
		}),
		"image": r.section("{source: registry}", map[string]field{
			"source": r.text(&a.Image.Source, "registry"), "ref": r.ref(&a.Image.Ref), "path": r.text(&a.Image.Path, "/src/openalgo"),
			"url": r.text(&a.Image.URL, gitExample), "dockerfile": r.text(&a.Image.Dockerfile, "ours"),
			"build_args": r.texts(a.Image.BuildArgs, "{PYTHON_IMAGE: \"python:3.12-slim-trixie\"}"),
		}),
		"volumes": r.text(&a.Volumes, "named"),
		"data":    r.section("{db: my_volume, log: /srv/log}", r.dataFields(a.Data)),
		"tls": r.section("{mode: auto}", map[string]field{
			"mode": r.text(&a.TLS.Mode, "auto"), "email": r.text(&a.TLS.Email, "me@example.com"),
			"cert": r.text(&a.TLS.Cert, certExample), "key": r.text(&a.TLS.Key, keyExample),
			"ca": r.text(&a.TLS.CA, caExample), "ca_trial": r.text(&a.TLS.CATrial, caExample), "ca_root": r.text(&a.TLS.CARoot, "/etc/ssl/ca.pem"),
			"certbot": r.boolean(&a.TLS.Certbot), "cloudflare": r.boolean(&a.TLS.Cloudflare),
			"check_dns": r.boolean(&a.TLS.CheckDNS), "open_ports": r.boolean(&a.TLS.OpenPorts),
			"edge": r.section("{image: \"caddy:2\"}", map[string]field{
				"dir": r.text(&a.TLS.Edge.Dir, "/opt/openalgo-edge"), "image": r.ref(&a.TLS.Edge.Image),
				"http": r.integer(&a.TLS.Edge.HTTP, 80), "https": r.integer(&a.TLS.Edge.HTTPS, 443),
			}),
		}),
		"ports": r.section("{web: 5000, websocket: 8765}", map[string]field{
			"web": r.integer(&a.Ports.Web, 5000), "websocket": r.integer(&a.Ports.WebSocket, 8765), "bind": r.text(&a.Ports.Bind, "127.0.0.1"),
		}),
		"sizing": r.section("{ram: auto, threads: 2}", map[string]field{
			"ram": r.memory(&a.Sizing.RAMMiB), "cores": r.autoInteger(&a.Sizing.Cores, 2), "threads": r.autoInteger(&a.Sizing.Threads, 2),
			"shm_size": r.memory(&a.Sizing.ShmMiB), "strategy_memory_mb": r.autoInteger(&a.Sizing.StrategyMemoryMiB, 512),
		}),
		"remote_mcp": r.section("{enabled: false}", map[string]field{
			"enabled": r.boolean(&a.RemoteMCP.Enabled), "write_orders": r.boolean(&a.RemoteMCP.WriteOrders),
			"require_approval": r.boolean(&a.RemoteMCP.RequireApproval),
		}),
		"docker": r.section("{install: true}", map[string]field{"install": r.boolean(&a.Docker.Install)}),
		"env":    r.environment(a.Env),
	}
}

func (r *reader) problem(key string, p position, format string, args ...any) {
	r.problems = append(r.problems, Problem{Line: max(p.line, 1), Column: max(p.column, 1), Key: key, Message: fmt.Sprintf(format, args...)})
}

// mistyped is a value that can't be read, so that no rule is tried on it.
func (r *reader) mistyped(key string, n *yaml.Node, format string, args ...any) {
	r.unread[key] = true
	r.problem(key, place(n), format, args...)
}

func place(n *yaml.Node) position { return position{n.Line, n.Column} }

// mapping hands each value to its field; unknown and repeated keys are problems.
func (r *reader) mapping(prefix string, node *yaml.Node, fields map[string]field) {
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		if name.Kind != yaml.ScalarNode || name.Tag == "!!merge" || notPlain(name) != "" {
			r.problem(strings.TrimSuffix(prefix, "."), place(name), "merge keys, anchors and keys that are not words have no meaning here; write the keys out, e.g. `version: 1`")
			continue
		}
		read, known := fields[name.Value]
		if !known {
			r.unknown(prefix, name, value, fields)
			continue
		}
		key := prefix + name.Value
		if line, again := seen[name.Value]; again {
			r.problem(key, place(name), "this key stands in line %d already; keep one of the two", line)
			continue
		}
		seen[name.Value] = name.Line
		r.at[key] = place(value)
		if value.Kind == yaml.MappingNode {
			r.at[key] = place(name) // where `broker:` stands, for what is missing in it
		}
		if fault := notPlain(value); fault != "" {
			r.mistyped(key, value, "%s", fault)
		} else if !empty(value) {
			read(key, value)
		}
	}
}

func (r *reader) unknown(prefix string, name, value *yaml.Node, fields map[string]field) {
	section := strings.TrimSuffix(prefix, ".")
	near, found := nearest(name.Value, fields)
	hint := possible(fields)
	if section == "env" {
		found, hint = false, "e.g. `LOG_LEVEL: DEBUG`" // any name is possible
	}
	switch {
	case found && word.MatchString(name.Value):
		r.problem(prefix+name.Value, place(name), "there is no such key; did you mean %q?", near)
	case empty(value) || !word.MatchString(name.Value):
		r.problem(section, place(name), "what stands here is not a key with its value; write `key: value` with a blank after the colon; %s", hint)
	default:
		r.problem(prefix+name.Value, place(name), "there is no such key; %s", hint)
	}
}
