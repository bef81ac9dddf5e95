package answers

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// Lookup is how `{env: X}` and `{file: path}` are resolved.
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
	at       map[string]position // where each key's value stands
}

// field reads the value of one key.
type field func(key string, node *yaml.Node)

// Parse reads answers. The problems are all that there are, by line; the
// answers count only when there are none.
func Parse(data []byte, l Lookup) (Answers, []Problem) {
	return parse(data, &reader{lookup: l})
}

// ParseSaved reads what Public wrote: no credentials are in it.
func ParseSaved(data []byte) (Answers, []Problem) {
	return parse(data, &reader{saved: true, lookup: Lookup{
		Env:      func(string) (string, bool) { return "", false },
		ReadFile: func(string) ([]byte, error) { return nil, errors.New("not read here") },
	}})
}

func parse(data []byte, r *reader) (Answers, []Problem) {
	r.at = map[string]position{}
	a := defaults()
	root, problem := document(data)
	if problem != nil {
		return a, []Problem{*problem}
	}
	r.read(root, &a)
	r.validate(&a)
	slices.SortStableFunc(r.problems, func(x, y Problem) int {
		return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
	})
	return a, r.problems
}

func defaults() Answers {
	return Answers{
		Image: Image{Source: "registry"}, Ports: Ports{Web: 5000, WebSocket: 8765, Bind: "127.0.0.1"},
		RemoteMCP: RemoteMCP{RequireApproval: true}, Env: map[string]secret.Text{},
	}
}

const exampleHint = "`openalgo-install answers init` prints an example"

// document returns the one mapping that the file must be.
func document(data []byte) (*yaml.Node, *Problem) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, &Problem{Message: "the answers are empty; " + exampleHint}
	}
	if !utf8.Valid(data) {
		return nil, &Problem{Line: 1, Column: 1, Message: "the file is not UTF-8 text"}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &Problem{Message: "the answers are empty; " + exampleHint}
		}
		return nil, syntaxProblem(err)
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, &Problem{Line: max(second.Line, 1), Column: 1, Message: "there is a second document after `---`; one file holds one set of answers"}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxProblem(err)
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, &Problem{Line: max(doc.Line, 1), Column: 1, Message: "the answers must be `key: value` lines, e.g. `version: 1`; " + exampleHint}
	}
	return doc.Content[0], nil
}

var linePattern = regexp.MustCompile(`line (\d+)(?:, column (\d+))?`)

// syntaxProblem keeps the parser's place and drops its text, which may quote
// the file.
func syntaxProblem(err error) *Problem {
	p := &Problem{Line: 1, Column: 1, Message: "this is not YAML: check indentation (blanks, no tabs), quotes and brackets here and in the line before"}
	if m := linePattern.FindStringSubmatch(err.Error()); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		if n, err := strconv.Atoi(m[2]); err == nil {
			p.Column = n
		}
	}
	p.Line, p.Column = max(p.Line, 1), max(p.Column, 1)
	return p
}

func (r *reader) read(root *yaml.Node, a *Answers) {
	r.mapping("", root, map[string]field{
		"version": r.integer(&a.Version),
		"domain":  r.text(&a.Domain),
		"broker": r.section(map[string]field{
			"name": r.text(&a.Broker.Name), "api_key": r.secret(&a.Broker.APIKey), "api_secret": r.secret(&a.Broker.APISecret),
			"market_api_key": r.secret(&a.Broker.MarketAPIKey), "market_api_secret": r.secret(&a.Broker.MarketAPISecret),
		}),
		"image": r.section(map[string]field{
			"source": r.text(&a.Image.Source), "ref": r.text(&a.Image.Ref), "url": r.text(&a.Image.URL),
			"path": r.text(&a.Image.Path), "dockerfile": r.text(&a.Image.Dockerfile),
		}),
		"tls": r.section(map[string]field{
			"mode": r.text(&a.TLS.Mode), "email": r.text(&a.TLS.Email), "cert": r.text(&a.TLS.Cert), "key": r.text(&a.TLS.Key),
		}),
		"ports": r.section(map[string]field{
			"web": r.integer(&a.Ports.Web), "websocket": r.integer(&a.Ports.WebSocket), "bind": r.text(&a.Ports.Bind),
		}),
		"sizing": r.section(map[string]field{
			"ram": r.memory(&a.Sizing.RAMMiB), "cores": r.autoInteger(&a.Sizing.Cores), "threads": r.autoInteger(&a.Sizing.Threads),
			"shm_size": r.memory(&a.Sizing.ShmMiB), "strategy_memory_mb": r.autoInteger(&a.Sizing.StrategyMemoryMiB),
		}),
		"remote_mcp": r.section(map[string]field{
			"enabled": r.boolean(&a.RemoteMCP.Enabled), "write_orders": r.boolean(&a.RemoteMCP.WriteOrders),
			"require_approval": r.boolean(&a.RemoteMCP.RequireApproval),
		}),
		"docker": r.section(map[string]field{"install": r.boolean(&a.Docker.Install)}),
		"env":    r.environment(a.Env),
	})
}

func (r *reader) problem(key string, p position, format string, args ...any) {
	r.problems = append(r.problems, Problem{Line: max(p.line, 1), Column: max(p.column, 1), Key: key, Message: fmt.Sprintf(format, args...)})
}

func place(n *yaml.Node) position { return position{n.Line, n.Column} }

// mapping hands each value to its field; unknown and repeated keys are problems.
func (r *reader) mapping(prefix string, node *yaml.Node, fields map[string]field) {
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		key := prefix + name.Value
		if name.Kind != yaml.ScalarNode || name.Tag == "!!merge" {
			r.problem(strings.TrimSuffix(prefix, "."), place(name), "merge keys and keys that are not words have no meaning here; write the keys out")
			continue
		}
		if line, again := seen[name.Value]; again {
			r.problem(key, place(name), "this key stands in line %d already; keep one of the two", line)
			continue
		}
		seen[name.Value] = name.Line
		read, known := fields[name.Value]
		if !known {
			r.problem(key, place(name), "there is no such key%s", didYouMean(name.Value, fields))
			continue
		}
		if value.Kind == yaml.AliasNode || value.Anchor != "" {
			r.problem(key, place(value), "anchors and aliases (& and *) are not read here; write the value out")
			continue
		}
		r.at[key] = place(value)
		if empty(value) {
			continue // `key:` with nothing behind it is a key left out
		}
		read(key, value)
	}
}

func empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func didYouMean(name string, fields map[string]field) string {
	best, score := "", 0
	for known := range fields {
		common := 0
		for common < min(len(known), len(name)) && known[common] == name[common] {
			common++
		}
		if common > score || common == score && common > 0 && known < best {
			best, score = known, common
		}
	}
	if score >= 2 {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	var names []string
	for known := range fields {
		names = append(names, known)
	}
	slices.Sort(names)
	return "; possible here: " + strings.Join(names, ", ")
}

func (r *reader) section(fields map[string]field) field {
	return func(key string, node *yaml.Node) {
		if node.Kind != yaml.MappingNode {
			r.problem(key, place(node), "this must be a section with keys of its own, indented below %q", key+":")
			return
		}
		r.mapping(key+".", node, fields)
	}
}

// scalar wants one plain value and says what a right one looks like.
func (r *reader) scalar(key string, node *yaml.Node, want string) bool {
	if node.Kind != yaml.ScalarNode {
		r.problem(key, place(node), "this must be one value: %s", want)
		return false
	}
	return true
}

func (r *reader) text(to *string) field {
	return func(key string, node *yaml.Node) {
		if r.scalar(key, node, "a text") {
			*to = node.Value
		}
	}
}

func (r *reader) integer(to *int) field {
	return func(key string, node *yaml.Node) {
		if !r.scalar(key, node, "a whole number") {
			return
		}
		n, err := strconv.Atoi(node.Value)
		if node.Tag != "!!int" || err != nil {
			r.problem(key, place(node), "%q is not a whole number; write it like %d", node.Value, max(*to, 1))
			return
		}
		*to = n
	}
}

func (r *reader) autoInteger(to *int) field {
	return func(key string, node *yaml.Node) {
		if !r.scalar(key, node, "auto or a whole number") || node.Value == "auto" {
			return
		}
		n, err := strconv.Atoi(node.Value)
		if err != nil || n < 1 {
			r.problem(key, place(node), "%q is neither auto nor a whole number above 0, e.g. 2", node.Value)
			return
		}
		*to = n
	}
}

func (r *reader) memory(to *int) field {
	return func(key string, node *yaml.Node) {
		if !r.scalar(key, node, "auto or a size") || node.Value == "auto" {
			return
		}
		n, err := sizing.ParseMemory(node.Value)
		if err != nil {
			r.problem(key, place(node), "neither auto nor a size: %v", err)
			return
		}
		*to = n
	}
}

func (r *reader) boolean(to *bool) field {
	return func(key string, node *yaml.Node) {
		if !r.scalar(key, node, "true or false") {
			return
		}
		if node.Tag != "!!bool" {
			r.problem(key, place(node), "%q is neither true nor false", node.Value)
			return
		}
		*to = strings.EqualFold(node.Value, "true")
	}
}

// secret takes a plain value, {env: NAME} or {file: path}.
func (r *reader) secret(to *secret.Text) field {
	return func(key string, node *yaml.Node) {
		switch node.Kind {
		case yaml.ScalarNode:
			*to = secret.New(node.Value)
		case yaml.MappingNode:
			r.reference(key, node, to)
		default:
			r.problem(key, place(node), "this must be a text, {env: NAME} or {file: /path}")
		}
	}
}

func (r *reader) reference(key string, node *yaml.Node, to *secret.Text) {
	var env, file string
	before := len(r.problems)
	r.mapping(key+".", node, map[string]field{"env": r.text(&env), "file": r.text(&file)})
	switch {
	case len(r.problems) > before:
	case (env == "") == (file == ""):
		r.problem(key, place(node), "name either {env: NAME} or {file: /path}")
	case env != "":
		value, ok := r.lookup.Env(env)
		if !ok {
			r.problem(key, place(node), "the environment variable %s is not set", env)
			return
		}
		*to = secret.New(value)
	default:
		value, err := r.lookup.ReadFile(file)
		if err != nil {
			r.problem(key, place(node), "reading the secret: %v", err)
			return
		}
		text := strings.TrimSuffix(strings.TrimSuffix(string(value), "\n"), "\r")
		*to = secret.New(text)
	}
}

func (r *reader) environment(to map[string]secret.Text) field {
	return func(key string, node *yaml.Node) {
		if node.Kind != yaml.MappingNode {
			r.problem(key, place(node), "this must be `KEY: value` lines, indented below env:")
			return
		}
		fields := map[string]field{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			name := node.Content[i].Value
			fields[name] = func(key string, value *yaml.Node) {
				var text secret.Text
				r.secret(&text)(key, value)
				to[name] = text
			}
			if empty(node.Content[i+1]) {
				to[name] = secret.New("")
			}
		}
		r.mapping(key+".", node, fields)
	}
}
