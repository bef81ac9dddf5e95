package answers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/notify/target"
)

const notifyExample = "`notify: [{kind: telegram, secret: {env: BOT_TOKEN}}]`"

// mostNotify is how many addresses a list may have.
const mostNotify = 20

// messages are the addresses for messages, which belong to the machine.
func messages(a *Answers) value {
	return value{save: func() any {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range a.Notify {
			list.Content = append(list.Content, saved(addressFields(&a.Notify[i])))
		}
		if len(list.Content) == 0 {
			return nil
		}
		return list
	}, read: func(r *reader, key string, node *yaml.Node) {
		if node.Kind != yaml.SequenceNode || len(node.Content) > mostNotify {
			r.mistyped(key, node, "this must be a list of at most %d addresses, for example %s", mostNotify, notifyExample)
			return
		}
		for i, item := range node.Content {
			at := fmt.Sprintf("%s[%d]", key, i)
			a.Notify = append(a.Notify, target.Target{})
			if item.Kind != yaml.MappingNode || notPlain(item) != "" {
				r.mistyped(at, item, "this must be a section with kind and secret, for example %s", notifyExample)
				continue
			}
			r.at[at] = place(item)
			r.mapping(at+".", item, addressFields(&a.Notify[i]))
		}
	}}
}

func addressFields(t *target.Target) []field {
	return []field{
		{name: "kind", value: text((*string)(&t.Kind), "telegram")},
		{name: "name", value: text(&t.Name, "phone").unless("")},
		{name: "secret", value: hidden(&t.Secret)},
		{name: "server", value: text(&t.Server, "smtp.example.com:587").unless("")},
		{name: "user", value: text(&t.User, "me@example.com").unless("")},
		{name: "from", value: text(&t.From, "me@example.com").unless("")},
		{name: "to", value: words(&t.To, "me@example.com")},
	}
}

// words is a list of texts, or one.
func words(to *[]string, example string) value {
	return value{save: func() any {
		if len(*to) == 0 {
			return nil
		}
		return *to
	}, read: func(r *reader, key string, node *yaml.Node) {
		all := node.Content
		if node.Kind != yaml.SequenceNode {
			all = []*yaml.Node{node}
		}
		for _, n := range all {
			if r.scalar(key, n, "a text or a list of texts, for example "+example, "!!str", "!!int") {
				*to = append(*to, n.Value)
			}
		}
	}}
}

// checkMessages makes whole addresses of what was written.
func checkMessages(a *Answers, r *reader) {
	seen := map[string]bool{}
	for i := range a.Notify {
		t := &a.Notify[i]
		key := fmt.Sprintf("notify[%d]", i)
		if r.unread[key] {
			continue
		}
		if !slices.Contains(target.Kinds(), t.Kind) {
			r.wrong(key+".kind", "%s is not a kind of address; one of: %s", quote(string(t.Kind)), target.Names())
			continue
		}
		if !r.saved && !t.Secret.Empty() && !r.unread[key+".secret"] {
			got, err := target.Parse(t.Kind, t.Secret.Reveal())
			if err != nil {
				r.wrong(key+".secret", "%v", err)
				continue
			}
			t.Secret, t.Server, t.User = got.Secret, cmp.Or(t.Server, got.Server), cmp.Or(t.User, got.User)
			t.From = cmp.Or(t.From, got.From)
			if len(t.To) == 0 {
				t.To = got.To
			}
		}
		t.Name = cmp.Or(t.Name, string(t.Kind))
		if t.Kind == target.Email {
			t.From = cmp.Or(t.From, t.User)
			if len(t.To) == 0 && t.From != "" {
				t.To = []string{t.From}
			}
		}
		if seen[t.Name] {
			r.wrong(key+".name", "two addresses of this list are named %s: give each its own name", quote(t.Name))
		}
		seen[t.Name] = true
		if r.saved || r.changed && t.Secret.Empty() || slices.ContainsFunc(r.problems, func(p Problem) bool { return strings.HasPrefix(p.Key, key+".") }) {
			continue
		}
		if err := t.Check(); err != nil {
			r.wrong(key, "%v", err)
		}
	}
}

// WithMessages adds addresses for messages to an answers file that has none. A secret
// that is not known is a reference to an environment variable.
func WithMessages(text []byte, all []target.Target, variable func(target.Target) string) ([]byte, error) {
	if len(all) == 0 {
		return text, nil
	}
	var list []any
	for i := range all {
		item := map[string]any{"secret": all[i].Secret.Reveal()}
		if all[i].Secret.Empty() {
			item["secret"] = map[string]any{"env": variable(all[i])}
		}
		for _, f := range addressFields(&all[i]) {
			if f.save == nil {
				continue
			}
			if got := f.save(); got != nil {
				item[f.name] = got
			}
		}
		list = append(list, item)
	}
	more, err := yaml.Marshal(map[string]any{"notify": list})
	if err != nil {
		return nil, fmt.Errorf("writing the answers: %w", err)
	}
	return append(text, more...), nil
}
