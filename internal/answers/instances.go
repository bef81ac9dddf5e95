package answers

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/order"
)

// Named are the answers of one of several instances; the only one of a file
// has no name.
type Named struct {
	Name    string
	Answers Answers
}

// namePattern is what an instance may be called: its directory and its Compose
// project are named after it.
var namePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

// ValidName reports whether an instance may be called so.
func ValidName(name string) bool { return namePattern.MatchString(name) }

const instancesExample = "`instances:`, and below it `- {name: alpha, domain: a.example.com, broker: {...}}`"

// ParseAll reads answers for one instance, or with `instances` for many: each
// of the list has a name and any of the other keys, and what it leaves out it
// has from the top of the file. A section is taken whole from one of the two, but
// kubernetes, of which each key is.
func ParseAll(data []byte, l Lookup) ([]Named, []Problem) {
	root, problem := document(data)
	if problem != nil {
		return nil, []Problem{*problem}
	}
	list := valueOf(root, "instances")
	if list == nil {
		a, problems := Parse(data, l)
		return []Named{{Answers: a}}, problems
	}
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		return nil, []Problem{{Line: list.Line, Column: list.Column, Key: "instances", Message: "this must be a list; write " + instancesExample}}
	}
	var out []Named
	var problems []Problem
	for i, item := range list.Content {
		named, found := parseItem(root, item, l)
		for _, p := range found {
			if p.Key == "" || strings.HasPrefix(p.Key, "name") || valueOf(item, section1(p.Key)) != nil || valueOf(root, section1(p.Key)) == nil {
				p.Key = strings.TrimSuffix(fmt.Sprintf("instances[%d].%s", i, p.Key), ".")
			}
			if !slices.Contains(problems, p) { // what stands at the top concerns each
				problems = append(problems, p)
			}
		}
		out = append(out, named)
	}
	if len(problems) == 0 {
		problems = collisions(out, list)
	}
	order.By(problems, func(x, y Problem) int {
		return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
	})
	return out, problems
}

func section1(key string) string {
	if end := strings.IndexAny(key, ".["); end >= 0 {
		return key[:end]
	}
	return key
}

func parseItem(root, item *yaml.Node, l Lookup) (Named, []Problem) {
	if item.Kind != yaml.MappingNode {
		return Named{}, []Problem{{Line: item.Line, Column: item.Column, Message: "each entry of the list must be a section; write " + instancesExample}}
	}
	merged := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: item.Line, Column: item.Column}
	var out Named
	var problems []Problem
	for i := 0; i+1 < len(root.Content); i += 2 {
		if key := root.Content[i].Value; key != "instances" && valueOf(item, key) == nil {
			merged.Content = append(merged.Content, root.Content[i:i+2]...)
		}
	}
	for i := 0; i+1 < len(item.Content); i += 2 {
		key, value := item.Content[i], item.Content[i+1]
		switch key.Value {
		case "name":
			out.Name = value.Value
			if value.Kind != yaml.ScalarNode || !ValidName(value.Value) {
				problems = append(problems, Problem{value.Line, value.Column, "name", "a name must consist of small letters, digits and dashes, at most 40, for example alpha"})
			}
		case "version":
			problems = append(problems, Problem{key.Line, key.Column, "version", "write this once, at the top of the file"})
		case "kubernetes":
			merged.Content = append(merged.Content, key, withDefaults(value, valueOf(root, key.Value)))
		default:
			merged.Content = append(merged.Content, key, value)
		}
	}
	r := &reader{lookup: l}
	var found []Problem
	out.Answers, found = parseRoot(merged, r)
	problems = append(problems, found...)
	if out.Name == "" && out.Answers.Domain != "" {
		out.Name = strings.ReplaceAll(out.Answers.Domain, ".", "-")
	}
	if out.Name == "" {
		problems = append(problems, Problem{item.Line, item.Column, "name", "an instance needs a name or a domain, for example `name: alpha`"})
	}
	return out, problems
}

// collisions finds what two of the list cannot both have.
func collisions(all []Named, list *yaml.Node) []Problem {
	var problems []Problem
	seen := map[string]string{}
	for i, n := range all {
		claims := []string{"the name " + n.Name}
		if ip := n.Answers.Kubernetes.Egress.IP; ip != "" {
			claims = append(claims, "the address kubernetes.egress.ip "+ip)
		}
		if n.Answers.Domain != "" {
			claims = append(claims, "the domain "+n.Answers.Domain)
		}
		for auto, port := range map[*bool]int{&all[i].Answers.Ports.AutoWeb: n.Answers.Ports.Web, &all[i].Answers.Ports.AutoWebSocket: n.Answers.Ports.WebSocket} {
			if !*auto {
				claims = append(claims, fmt.Sprintf("the port %d", port))
			}
		}
		for _, claim := range claims {
			if other, taken := seen[claim]; taken {
				at := list.Content[i]
				problems = append(problems, Problem{at.Line, at.Column, fmt.Sprintf("instances[%d]", i), claim + " is used by " + other + " too; each instance needs its own"})
			}
			seen[claim] = n.Name
		}
	}
	return problems
}

func valueOf(mapping *yaml.Node, key string) *yaml.Node {
	if mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}
