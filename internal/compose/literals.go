package compose

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/order"
)

// FreeLiterals makes a Compose file of any origin read numbers from .env: each
// literal value of one of the given environment keys, and of shm_size under
// the key SHM_SIZE, becomes ${KEY:-literal}. Nothing else of the file changes,
// byte for byte, and a file that has no literals comes back as it is. found
// are the literals by key. The error names what cannot be
// edited in place.
func FreeLiterals(text []byte, service string, keys []string) (edited []byte, found map[string]string, err error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, nil, fmt.Errorf("reading the Compose file: %w", err)
	}
	node := serviceNode(&doc, service)
	if node == nil {
		return nil, nil, fmt.Errorf("the Compose file has no service %q", service)
	}
	f := freeing{text: string(text), keys: keys, found: map[string]string{}}
	if err := f.service(node); err != nil {
		return nil, nil, err
	}
	return f.result(), f.found, nil
}

func serviceNode(doc *yaml.Node, name string) *yaml.Node {
	return child(child(root(doc), "services"), name)
}

func root(doc *yaml.Node) *yaml.Node {
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		return doc.Content[0]
	}
	return nil
}

// child is the value of a mapping's key; nil when there is none.
func child(mapping *yaml.Node, key string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// freeing collects the edits of one file.
type freeing struct {
	text  string
	keys  []string
	found map[string]string
	edits []textEdit
}

type textEdit struct {
	from, to int
	with     string
}

const shmKey = "SHM_SIZE"

func (f *freeing) service(service *yaml.Node) error {
	if shared := child(service, "<<"); shared != nil {
		return fmt.Errorf("line %d takes settings over with <<, and another service may share them: write shm_size and environment into the service itself", shared.Line)
	}
	if shm := child(service, "shm_size"); shm != nil {
		if err := f.value(shmKey, shm, false); err != nil {
			return err
		}
	}
	env := child(service, "environment")
	switch {
	case env == nil:
	case env.Kind == yaml.AliasNode || child(env, "<<") != nil:
		return fmt.Errorf("line %d: environment is taken over from elsewhere, and another service may share it: write it into the service itself", env.Line)
	case env.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(env.Content); i += 2 {
			if key := env.Content[i].Value; slices.Contains(f.keys, key) {
				if err := f.value(key, env.Content[i+1], env.Style&yaml.FlowStyle != 0); err != nil {
					return err
				}
			}
		}
	case env.Kind == yaml.SequenceNode:
		for _, item := range env.Content {
			if err := f.pair(item, env.Style&yaml.FlowStyle != 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// literal is what a sizing value looks like: "2", "512m", "2gb".
var literal = regexp.MustCompile(`^[0-9][0-9A-Za-z.]*$`)

// value frees `KEY: 2`.
func (f *freeing) value(key string, node *yaml.Node, flow bool) error {
	if node.Kind == yaml.ScalarNode && (strings.Contains(node.Value, "$") || node.Value == "") {
		return nil // it reads .env already, or passes a variable on
	}
	return f.free(key, "", node.Value, node, flow)
}

// pair frees `- KEY=2`.
func (f *freeing) pair(node *yaml.Node, flow bool) error {
	key, value, ok := strings.Cut(node.Value, "=")
	if !ok || !slices.Contains(f.keys, key) || strings.Contains(value, "$") {
		return nil
	}
	return f.free(key, key+"=", value, node, flow)
}

func (f *freeing) free(key, prefix, value string, node *yaml.Node, flow bool) error {
	if node.Kind != yaml.ScalarNode || node.Anchor != "" || !literal.MatchString(value) {
		return fmt.Errorf("line %d: the value of %s is not a plain number that can be replaced: write `${%s:-512m}` or the like there yourself", node.Line, key, key)
	}
	quote := ""
	switch {
	case node.Style&yaml.DoubleQuotedStyle != 0:
		quote = `"`
	case node.Style&yaml.SingleQuotedStyle != 0:
		quote = `'`
	}
	from := f.offset(node.Line, node.Column)
	raw := quote + prefix + value + quote
	if from < 0 || !strings.HasPrefix(f.text[from:], raw) {
		return fmt.Errorf("line %d: cannot replace %s. Write a plain value there", node.Line, key)
	}
	if quote == "" && flow {
		quote = `"` // a plain brace would end the list
	}
	f.found[key] = value
	f.edits = append(f.edits, textEdit{from, from + len(raw), quote + prefix + "${" + key + ":-" + value + "}" + quote})
	return nil
}

// offset is where a line and a column, which counts characters, begin; -1 when
// there is no such place.
func (f *freeing) offset(line, column int) int {
	at := 0
	for ; line > 1; line-- {
		end := strings.IndexByte(f.text[at:], '\n')
		if end < 0 {
			return -1
		}
		at += end + 1
	}
	for ; column > 1 && at < len(f.text); column-- {
		_, size := utf8.DecodeRuneInString(f.text[at:])
		at += size
	}
	return at
}

func (f *freeing) result() []byte {
	order.By(f.edits, func(a, b textEdit) int { return a.from - b.from })
	var out strings.Builder
	at := 0
	for _, e := range f.edits {
		out.WriteString(f.text[at:e.from])
		out.WriteString(e.with)
		at = e.to
	}
	out.WriteString(f.text[at:])
	return []byte(out.String())
}
