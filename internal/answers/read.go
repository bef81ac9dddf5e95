package answers

import (
	"cmp"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/order"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Lookup is how `{env: X}` and `{file: path}` are resolved. A function that is
// nil has nothing.
type Lookup struct {
	Env      func(string) (string, bool)
	ReadFile func(string) ([]byte, error)
	// NamesOnly leaves the values of secrets unread, for what is written without them.
	NamesOnly bool
}

// position is a place in the file, from 1.
type position struct{ line, column int }

// reader walks the YAML tree and collects every mistake.
type reader struct {
	lookup   Lookup
	saved    bool // a saved file: it may lack the credentials
	changed  bool // no file but answers that were changed: this machine has the secrets of addresses
	problems []Problem
	at       map[string]position // where each value stands; of a section, its key
	unread   map[string]bool     // keys whose value has the wrong type
	source   map[string]string   // secrets by reference: "the file x"
	warnings finding.Warnings    // of what is right and may not be meant
}

// Parse reads answers. The problems are all that there are, by line; the
// answers count only when there are none.
func Parse(data []byte, l Lookup) (Answers, []Problem) {
	return parse(data, &reader{lookup: l})
}

// ParseSaved reads what Public wrote: no credentials are in it, and none are
// looked up.
//
//go:noinline
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
	r.mapping("", root, a.fields())
	_, web := r.at["ports.web"]
	_, socket := r.at["ports.websocket"]
	a.Ports.AutoWeb, a.Ports.AutoWebSocket = !web, !socket
	r.validate(a.fields())
	a.warnings = r.warnings
	for key := range r.source {
		if name, ok := strings.CutPrefix(key, "env."); ok {
			a.hidden[name] = true
		}
	}
	order.By(r.problems, func(x, y Problem) int {
		return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column), cmp.Compare(x.Key, y.Key))
	})
	return a, r.problems
}

func defaults() Answers {
	return Answers{
		Image: Image{Source: "registry", BuildArgs: map[string]string{}}, Volumes: "named", Data: map[string]string{}, Ports: Open(),
		TLS:        TLS{CheckDNS: true},
		Kubernetes: Kubernetes{Mode: ModeCloud, AccessMode: "ReadWriteOnce", Annotations: map[string]string{}, NodeSelector: map[string]string{}},
		RemoteMCP:  RemoteMCP{RequireApproval: true}, Env: map[string]secret.Text{}, hidden: map[string]bool{},
	}
}

func (r *reader) problem(key string, p position, format string, args ...any) {
	r.problems = append(r.problems, Problem{Line: max(p.line, 1), Column: max(p.column, 1), Key: key, Message: fmt.Sprintf(format, args...)})
}

// mistyped is a value that cannot be read, so that no rule is tried on it.
//
//go:noinline
func (r *reader) mistyped(key string, n *yaml.Node, format string, args ...any) {
	r.unread[key] = true
	r.problem(key, place(n), format, args...)
}

func place(n *yaml.Node) position { return position{n.Line, n.Column} }

// mapping hands each value to its field; unknown and repeated keys are problems.
func (r *reader) mapping(prefix string, node *yaml.Node, fields []field) {
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		if name.Kind != yaml.ScalarNode || name.Tag == "!!merge" || notPlain(name) != "" {
			r.problem(strings.TrimSuffix(prefix, "."), place(name), "merge keys, anchors and keys that are not words are not supported. Write plain keys, for example `version: 1`")
			continue
		}
		f := named(fields, name.Value)
		if f == nil {
			r.unknown(prefix, name, value, fields)
			continue
		}
		key := prefix + name.Value
		if line, again := seen[name.Value]; again {
			r.problem(key, place(name), "this key is on line %d already. Keep one of them", line)
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
			f.read(r, key, value)
		}
	}
}

func (r *reader) unknown(prefix string, name, value *yaml.Node, fields []field) {
	section := strings.TrimSuffix(prefix, ".")
	near, found := nearest(name.Value, fields)
	hint := possible(fields)
	if section == "env" {
		found, hint = false, "for example `LOG_LEVEL: DEBUG`" // any name is possible
	}
	switch {
	case found && word.MatchString(name.Value):
		r.problem(prefix+name.Value, place(name), "there is no such key; did you mean %q?", near)
	case empty(value) || !word.MatchString(name.Value):
		r.problem(section, place(name), "this is not a key with a value. Write `key: value` with a space after the colon; %s", hint)
	default:
		r.problem(prefix+name.Value, place(name), "there is no such key; %s", hint)
	}
}
