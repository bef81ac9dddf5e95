package answers

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// field is one answer of a section: its key, how it is read and saved, and what
// it must be.
type field struct {
	name string
	value
	rule func(*reader) // nil: any value of its type is right
}

// value is how one answer is read, and how it is saved. What makes one is not copied into
// its hundred callers, which would make the program bigger.
type value struct {
	read func(r *reader, key string, node *yaml.Node)
	// save returns what is written back; nil leaves the answer out.
	save func() any
	// parse makes what a file has of a text that somebody typed; nil takes the text.
	parse func(text string) any
	// fields are those of a section.
	fields []field
}

// named is the field of a name; nil is none.
func named(fields []field, name string) *field {
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return &fields[i]
}

// unless leaves the answer out of the saved ones where it is this.
//
//go:noinline
func (v value) unless(usual any) value {
	save := v.save
	v.save = func() any {
		if got := save(); got != usual {
			return got
		}
		return nil
	}
	return v
}

// unsaved leaves the answer out of the saved ones always.
func (v value) unsaved() value {
	v.save = nil
	return v
}

//go:noinline
func section(example string, fields []field) value {
	return value{fields: fields, read: func(r *reader, key string, node *yaml.Node) {
		if node.Kind != yaml.MappingNode {
			r.mistyped(key, node, "this must be a section, for example `%s: %s`", key, example)
			return
		}
		r.mapping(key+".", node, fields)
	}, save: func() any {
		if node := saved(fields); len(node.Content) > 0 {
			return node
		}
		return nil
	}}
}

// scalar wants one plain value of one of the types.
func (r *reader) scalar(key string, node *yaml.Node, want string, tags ...string) bool {
	switch {
	case node.Kind != yaml.ScalarNode:
		r.mistyped(key, node, "this must be one value: %s", want)
	case slices.Contains(tags, node.Tag):
		return true
	case node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		r.mistyped(key, node, "%s in quotes is text, and this must be %s", quote(node.Value), want)
	default:
		r.mistyped(key, node, "%s is not %s", quote(node.Value), want)
	}
	return false
}

//go:noinline
func text(to *string, example string) value {
	return value{save: func() any { return *to }, read: func(r *reader, key string, node *yaml.Node) {
		if !r.boolForWord(key, node, example) && r.scalar(key, node, fmt.Sprintf("text (in quotes, if this value is right), for example %s", example), "!!str") {
			*to = node.Value
		}
	}}
}

// ref is a text that may look like a number or a date: a tag or a commit.
func ref(to *string) value {
	return value{save: func() any { return *to }, read: func(r *reader, key string, node *yaml.Node) {
		if !r.boolForWord(key, node, DefaultImage) && r.scalar(key, node, "text, for example "+DefaultImage, "!!str", "!!int", "!!float", "!!timestamp") {
			*to = node.Value
		}
	}}
}

//go:noinline
func integer(to *int, example int) value {
	return value{parse: number, save: func() any { return *to }, read: func(r *reader, key string, node *yaml.Node) {
		want := fmt.Sprintf("a whole number without quotes, for example %d", example)
		if !r.scalar(key, node, want, "!!int") {
			return
		}
		n, err := strconv.Atoi(node.Value)
		if err != nil {
			r.mistyped(key, node, "%s is not %s", quote(node.Value), want)
			return
		}
		*to = n
	}}
}

func autoInteger(to *int, example int) value {
	save := func() any {
		if *to == 0 {
			return "auto"
		}
		return *to
	}
	return value{parse: number, save: save, read: func(r *reader, key string, node *yaml.Node) {
		if node.Kind == yaml.ScalarNode && node.Value == "auto" {
			return
		}
		want := fmt.Sprintf("auto or a whole number above 0 without quotes, for example %d", example)
		if !r.scalar(key, node, want, "!!int") {
			return
		}
		n, err := strconv.Atoi(node.Value)
		if err != nil || n < 1 {
			r.mistyped(key, node, "%s is not %s", quote(node.Value), want)
			return
		}
		*to = n
	}}
}

func memory(to *int) value {
	return amount(to, "auto", "auto or an amount of memory, for example 4GB, 3910MiB, 512m or 4096 (MiB)", func(int) string { return "" })
}

// amount is an amount of memory or disk; word stands for 0. wrong says why one will not
// do, "" where it does. 3.5 alone is refused: it would be MiB, and GB was meant.
//
//go:noinline
func amount(to *int, word, want string, wrong func(mib int) string) value {
	save := func() any {
		if *to == 0 {
			return word
		}
		return fmt.Sprintf("%dMiB", *to)
	}
	return value{parse: number, save: save, read: func(r *reader, key string, node *yaml.Node) {
		if !r.scalar(key, node, want, "!!str", "!!int") || node.Value == word {
			return
		}
		n, err := sizing.ParseMemory(node.Value)
		if err != nil {
			r.mistyped(key, node, "%s is not %s", quote(node.Value), want)
			return
		}
		if why := wrong(n); why != "" {
			r.mistyped(key, node, "%s", why)
			return
		}
		*to = n
	}}
}

//go:noinline
func boolean(to *bool) value {
	return value{parse: yes, save: func() any { return *to }, read: func(r *reader, key string, node *yaml.Node) {
		if !r.wordForBool(key, node) && r.scalar(key, node, "true or false (without quotes)", "!!bool") {
			*to = strings.EqualFold(node.Value, "true")
		}
	}}
}

const secretForms = "text, {env: NAME} or {file: /path}"

// hidden is a secret, which is not saved: a plain value as it is written, {env:
// NAME} or {file: path}.
func hidden(to *secret.Text) value {
	return value{read: func(r *reader, key string, node *yaml.Node) {
		switch node.Kind {
		case yaml.ScalarNode:
			*to = secret.New(node.Value)
			r.cut(key, node)
		case yaml.MappingNode:
			r.reference(key, node, to)
		default:
			r.mistyped(key, node, "this must be %s", secretForms)
		}
	}}
}

// texts is a section whose keys are names as of variables, and whose values are plain
// texts.
func texts(to map[string]string, example string) value {
	return pairs(to, keyPattern, "build_args", example)
}

// pairs is a section whose keys have a form, and whose values are plain texts.
//
//go:noinline
func pairs(to map[string]string, form *regexp.Regexp, name, example string) value {
	return value{save: func() any { return some(to) }, read: func(r *reader, key string, node *yaml.Node) {
		if node.Kind != yaml.MappingNode {
			r.mistyped(key, node, "this must be a section with names and values, for example `%s: %s`", name, example)
			return
		}
		var fields []field
		for i := 0; i+1 < len(node.Content); i += 2 {
			name := node.Content[i].Value
			if form.MatchString(name) && named(fields, name) == nil {
				fields = append(fields, field{name: name, value: value{read: func(r *reader, key string, value *yaml.Node) {
					if r.scalar(key, value, "a text", "!!str", "!!int", "!!float", "!!bool") {
						to[name] = value.Value
					}
				}}})
				to[name] = ""
			}
		}
		r.mapping(key+".", node, fields)
	}}
}

// some is a map that is saved where it has something in it.
func some(texts map[string]string) any {
	if len(texts) == 0 {
		return nil
	}
	return texts
}

// saved is what is written back of fields.
func saved(fields []field) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range fields {
		if f.save == nil {
			continue
		}
		got := f.save()
		if got == nil {
			continue
		}
		var key, value yaml.Node
		_ = key.Encode(f.name) // texts, numbers and booleans: no error is possible
		if inner, ok := got.(*yaml.Node); ok {
			value = *inner
		} else {
			_ = value.Encode(got)
		}
		n.Content = append(n.Content, &key, &value)
	}
	return n
}
